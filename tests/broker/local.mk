# tests of broker: see Makefile.am for the variables
