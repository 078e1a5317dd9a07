"""The commands of the command line, one a module; `reading` holds what they share."""
