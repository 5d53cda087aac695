"""What the command says and does, whichever way it asks a Herald; each output checked in as a text."""
