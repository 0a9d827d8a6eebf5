/* socket_buffer.c - see socket_buffer.h. */
#include "net/socket_buffer.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>

/* From the kernel, once; 0 when it does not tell or does not size buffers itself: then sizes are set as they are. */
static int64_t initial_bytes, max_bytes;

static void read_range(void)
{
	FILE *f = fopen("/proc/sys/net/ipv4/tcp_moderate_rcvbuf", "re");
	int64_t initial, max;
	int on = 0;

	if (f) {
		if (fscanf(f, "%d", &on) != 1)
			on = 0;
		fclose(f);
	}
	f = on ? fopen("/proc/sys/net/ipv4/tcp_rmem", "re") : NULL;
	if (!f)
		return;
	if (fscanf(f, "%*d %" SCNd64 " %" SCNd64, &initial, &max) == 2) {
		initial_bytes = initial;
		max_bytes = max;
	}
	fclose(f);
}

bool socket_buffer_is_automatic(int64_t bytes, int64_t initial, int64_t max)
{
	return bytes * 2 >= initial && bytes * 2 <= max;
}

void socket_buffer_set_receive(int fd, int bytes)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	if (bytes <= 0)
		return;
	(void)pthread_once(&once, read_range);
	if (!socket_buffer_is_automatic(bytes, initial_bytes, max_bytes))
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
}
