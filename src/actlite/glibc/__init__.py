"""What programs need of the C library, and what images have."""
