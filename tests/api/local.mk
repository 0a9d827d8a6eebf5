# tests of api: see Makefile.am for the variables
