/* list.h - intrusive, circular, doubly linked list. The link lives inside the element.
 *
 * Thread: as the elements' owner says.
 */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include <stdbool.h>

#include "base/attr.h"

struct list {
	struct list *next, *prev;
};

#define LIST_INIT(l) { &(l), &(l) }

static inline void list_init(struct list *l)
{
	l->next = l->prev = l;
}

static inline bool list_empty(const struct list *l)
{
	return l->next == l;
}

static inline void list_insert(struct list *prev, struct list *link)
{
	link->prev = prev;
	link->next = prev->next;
	prev->next->prev = link;
	prev->next = link;
}

static inline void list_append(struct list *head, struct list *link)
{
	list_insert(head->prev, link);
}

/* Takes a link out and leaves it empty; harmless on a link that is alone. */
static inline void list_remove(struct list *link)
{
	link->prev->next = link->next;
	link->next->prev = link->prev;
	list_init(link);
}

/* Moves all of `from` to the end of `to`. */
static inline void list_splice(struct list *to, struct list *from)
{
	if (list_empty(from))
		return;
	from->next->prev = to->prev;
	to->prev->next = from->next;
	from->prev->next = to;
	to->prev = from->prev;
	list_init(from);
}

#define list_entry(link, type, member)	CONTAINER_OF(link, type, member)
#define list_first(head, type, member)	(list_empty(head) ? NULL : list_entry((head)->next, type, member))
#define list_last(head, type, member)	(list_empty(head) ? NULL : list_entry((head)->prev, type, member))

#define list_foreach(it, head, member)                                                             \
	for (it = list_entry((head)->next, __typeof__(*it), member); &it->member != (head);        \
	     it = list_entry(it->member.next, __typeof__(*it), member))

/* The current element may be removed while walking. */
#define list_foreach_safe(it, tmp, head, member)                                                   \
	for (it = list_entry((head)->next, __typeof__(*it), member),                               \
	    tmp = list_entry(it->member.next, __typeof__(*it), member);                            \
	     &it->member != (head);                                                                \
	     it = tmp, tmp = list_entry(tmp->member.next, __typeof__(*it), member))

#endif
