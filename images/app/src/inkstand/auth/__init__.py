"""Who somebody is: passwords, tokens, and how often they may guess."""
