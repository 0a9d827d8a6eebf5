noinst_LIBRARIES += src/replica/libreplica.a
src_replica_libreplica_a_SOURCES = \
	src/replica/delayed.h \
	src/replica/isr.c src/replica/isr.h
