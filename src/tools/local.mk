# the command line: the program moldau
