"""What AWS's services are to Herald: clients, queue, schedules, bus, logs and metrics."""
