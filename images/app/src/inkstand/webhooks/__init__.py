"""What happens, told to programs of the owner's: signed, in order, and kept until it is taken."""
