noinst_LIBRARIES += src/replica/libreplica.a
src_replica_libreplica_a_SOURCES = \
	src/replica/delayed.c src/replica/delayed.h \
	src/replica/isr.c src/replica/isr.h \
	src/replica/partition.h src/replica/disk_pace.h
