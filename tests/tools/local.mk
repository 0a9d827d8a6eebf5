# tests of tools: see Makefile.am for the variables
