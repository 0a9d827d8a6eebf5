# tests of coordinator: see Makefile.am for the variables
