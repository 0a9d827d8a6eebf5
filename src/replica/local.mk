noinst_LIBRARIES += src/replica/libreplica.a
src_replica_libreplica_a_SOURCES = \
	src/replica/control.c \
	src/replica/control_answer.c src/replica/control_answer.h \
	src/replica/controller_link.c src/replica/controller_link.h \
	src/replica/delayed.c src/replica/delayed.h \
	src/replica/disk_pace.h \
	src/replica/fetch_session.c src/replica/fetch_session.h src/replica/fetch_session_priv.h \
	src/replica/fetch_session_cache.c \
	src/replica/fetcher.c src/replica/fetcher.h \
	src/replica/fetchers.c src/replica/fetchers.h \
	src/replica/follower.c src/replica/follower.h src/replica/follower_priv.h \
	src/replica/follower_fetch.c \
	src/replica/follower_truncate.c \
	src/replica/isr.c src/replica/isr.h \
	src/replica/isr_changes.c src/replica/isr_changes.h \
	src/replica/isr_notices.c src/replica/isr_notices.h \
	src/replica/isr_writer.c src/replica/isr_writer.h \
	src/replica/mover.c src/replica/mover.h \
	src/replica/partition.c src/replica/partition.h src/replica/partition_priv.h \
	src/replica/partition_follower.c \
	src/replica/partition_future.c \
	src/replica/partition_isr.c \
	src/replica/partition_quiet.c src/replica/partition_quiet.h \
	src/replica/partitions.c src/replica/partitions.h src/replica/partitions_priv.h \
	src/replica/partitions_move.c \
	src/replica/throttle.c src/replica/throttle.h
EXTRA_DIST += src/replica/README.md
