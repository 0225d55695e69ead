"""What built files ask of the systems that they are for: ELF files, and the archives and packages that hold them."""
