/* wire.c - see wire.h. */
#include "wire.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cursor.h"
#include "base/writer.h"
#include "protocol/codec.h"
#include "protocol/header.h"

void die(const char *fmt, ...)
{
	va_list va;

	fflush(stdout);
	va_start(va, fmt);
	vfprintf(stderr, fmt, va);
	va_end(va);
	fputc('\n', stderr);
	exit(1);
}

void target_parse(const char *host_port, struct target *ret)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found;
	const char *colon = strrchr(host_port, ':');
	char host[256];
	int r;

	if (!colon || (size_t)(colon - host_port) >= sizeof(host))
		die("not host:port: %s", host_port);
	memcpy(host, host_port, (size_t)(colon - host_port));
	host[colon - host_port] = 0;
	r = getaddrinfo(host, colon + 1, &hints, &found);
	if (r)
		die("%s: %s", host_port, gai_strerror(r));
	memcpy(&ret->addr, found->ai_addr, found->ai_addrlen);
	ret->len = found->ai_addrlen;
	freeaddrinfo(found);
}

int target_try(const struct target *t)
{
	int on = 1, fd = socket(t->addr.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&t->addr, t->len) < 0) {
		int r = -errno;

		(void)close(fd);
		return r;
	}
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

int target_connect(const struct target *t)
{
	int fd = target_try(t);

	if (fd < 0)
		die("connect: %s", strerror(-fd));
	return fd;
}

void send_all_v(int fd, struct iovec *iov, int n)
{
	while (n > 0) {
		struct msghdr msg = { .msg_iov = iov, .msg_iovlen = (size_t)n };
		ssize_t k = sendmsg(fd, &msg, MSG_NOSIGNAL);

		if (k < 0)
			die("send: %s", strerror(errno));
		while (n > 0 && (size_t)k >= iov->iov_len) {
			k -= (ssize_t)iov->iov_len;
			iov++;
			n--;
		}
		if (n > 0) {
			iov->iov_base = (uint8_t *)iov->iov_base + k;
			iov->iov_len -= (size_t)k;
		}
	}
}

void send_all(int fd, const void *p, size_t n)
{
	struct iovec iov = { (void *)(uintptr_t)p, n };

	send_all_v(fd, &iov, 1);
}

void recv_all(int fd, void *p, size_t n)
{
	uint8_t *at = p;

	while (n) {
		ssize_t k = recv(fd, at, n, MSG_WAITALL);

		if (k <= 0)
			die("receive: %s", k ? strerror(errno) : "closed by the broker");
		at += k;
		n -= (size_t)k;
	}
}

void recv_discard(int fd, size_t n)
{
	while (n) {
		ssize_t k = recv(fd, NULL, n, MSG_TRUNC | MSG_WAITALL);

		if (k <= 0)
			die("receive: %s", k ? strerror(errno) : "closed by the broker");
		n -= (size_t)k;
	}
}

struct buf *frame_of(int key, int version, const void *body)
{
	struct request_header h = {
		.request_api_key = (int16_t)key,
		.request_api_version = (int16_t)version,
		.correlation_id = 1,
		.client_id = STR("bench"),
	};
	struct writer w;
	struct buf *b = NULL;

	writer_init(&w, 256, 0);
	writer_i32(&w, 0);
	if (header_encode_request(&h, &w) || codec_encode(api_version_find(key)->request, version, body, &w))
		die("request %d version %d cannot be encoded: %s", key, version, codec_fault());
	writer_patch_i32(&w, 0, (int32_t)(writer_len(&w) - 4));
	if (writer_take_buf(&w, &b))
		die("out of memory");
	return b;
}

void call(int fd, int key, int version, const void *in, struct arena *a, void *out)
{
	const struct api_version_row *row = api_version_find(key);
	struct buf *b = frame_of(key, version, in);
	struct cursor c;
	uint32_t size;
	int32_t id;
	void *p;

	send_all(fd, b->data, b->len);
	buf_unref(b);
	recv_all(fd, &size, 4);
	size = be32toh(size);
	p = arena_alloc(a, size);
	if (!p)
		die("out of memory");
	recv_all(fd, p, size);
	c = cur_of(p, size);
	if (header_decode_response(row, version, &c, &id) || codec_decode(row->response, version, &c, a, out))
		die("response to %s version %d cannot be decoded", row->name, version);
}

static int64_t clock_ns(clockid_t id)
{
	struct timespec ts;

	if (clock_gettime(id, &ts))
		die("clock: %s", strerror(errno));
	return ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
}

int64_t now_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

int64_t cpu_ns(pid_t pid)
{
	clockid_t id;

	if (!pid)
		return 0;
	if (clock_getcpuclockid(pid, &id))
		die("process %d: no CPU clock", pid);
	return clock_ns(id);
}

void fill(uint8_t *p, size_t n, uint64_t i)
{
	static const char text[] = "the quick brown fox jumps over the lazy dog while a broker looks on; ";
	uint64_t x = 88172645463325252u + i * 1099511628211u;

	for (size_t at = 0; at < n; at++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		p[at] = (at / 16) % 2 ? (uint8_t)(x >> 32) : (uint8_t)text[at % (sizeof(text) - 1)];
	}
}
