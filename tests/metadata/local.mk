# tests of metadata: see Makefile.am for the variables
