/* socket_buffer.c - see socket_buffer.h. */
#include "net/socket_buffer.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>

/* From the kernel, once; all 0 when it does not tell: then sizes are set as they are. */
static struct range {
	int64_t initial, max;
} receive_range, send_range;

static struct range read_range(const char *path)
{
	struct range range = { 0, 0 };
	FILE *f = fopen(path, "re");

	if (!f)
		return range;
	if (fscanf(f, "%*d %" SCNd64 " %" SCNd64, &range.initial, &range.max) != 2)
		range = (struct range){ 0, 0 };
	fclose(f);
	return range;
}

static void read_ranges(void)
{
	FILE *f = fopen("/proc/sys/net/ipv4/tcp_moderate_rcvbuf", "re");
	int on = 0;

	if (f) {
		if (fscanf(f, "%d", &on) != 1)
			on = 0;
		fclose(f);
	}
	if (on)
		receive_range = read_range("/proc/sys/net/ipv4/tcp_rmem");
	send_range = read_range("/proc/sys/net/ipv4/tcp_wmem");
}

bool socket_buffer_is_automatic(int64_t bytes, int64_t initial, int64_t max)
{
	return bytes * 2 >= initial && bytes * 2 <= max;
}

void socket_buffer_set(int fd, int option, int bytes)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	const struct range *range = option == SO_RCVBUF ? &receive_range : &send_range;

	if (bytes <= 0)
		return;
	(void)pthread_once(&once, read_ranges);
	if (!socket_buffer_is_automatic(bytes, range->initial, range->max))
		(void)setsockopt(fd, SOL_SOCKET, option, &bytes, sizeof(bytes));
}
