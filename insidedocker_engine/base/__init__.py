"""What every part of the engine may use, and which uses none of them."""
