"""A reward in the forms that other tools ask for; each module needs the tool that it is for."""
