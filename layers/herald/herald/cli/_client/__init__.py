"""Client: how a command asks a Herald: by invoking a stage's function, or over HTTPS; both the same to the command."""
