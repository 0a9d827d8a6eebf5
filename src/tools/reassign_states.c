/* reassign_states.c - how far reassignments are, in the words of Kafka's tool. */
#include "tools/reassign_plan.h"

static void print_ids(const struct reassign_ids *s, FILE *out)
{
	for (size_t i = 0; i < s->n; i++)
		fprintf(out, "%s%d", i ? "," : "", s->v[i]);
}

static bool same_ids(const struct reassign_ids *a, const struct reassign_ids *b)
{
	for (size_t i = 0; i < a->n && i < b->n; i++)
		if (a->v[i] != b->v[i])
			return false;
	return a->n == b->n;
}

static void print_idle(const struct reassign_row *row, const struct reassign_ids *now, FILE *out)
{
	if (same_ids(now, &row->replicas)) {
		fprintf(out, "Reassignment of partition %.*s-%d is completed.\n",
			STR_ARG(row->topic), row->partition);
		return;
	}
	fprintf(out, "There is no active reassignment of partition %.*s-%d, but replica set is ",
		STR_ARG(row->topic), row->partition);
	print_ids(now, out);
	fprintf(out, " rather than ");
	print_ids(&row->replicas, out);
	fprintf(out, ".\n");
}

void reassign_print_states(const struct reassign_rows *sorted, const struct reassign_rows *active,
	const struct reassign_rows *current, FILE *out)
{
	static const struct reassign_ids none = {NULL, 0};

	fprintf(out, "Status of partition reassignment:\n");
	for (size_t i = 0; i < sorted->n; i++) {
		const struct reassign_row *row = &sorted->v[i], *now;

		if (reassign_rows_find(active, row->topic, row->partition)) {
			fprintf(out, "Reassignment of partition %.*s-%d is still in progress.\n",
				STR_ARG(row->topic), row->partition);
			continue;
		}
		now = reassign_rows_find(current, row->topic, row->partition);
		print_idle(row, now ? &now->replicas : &none, out);
	}
}

static void print_some(const char *what, const struct reassign_ids *s, FILE *out)
{
	if (s->n == 0)
		return;
	fputs(what, out);
	print_ids(s, out);
	fputc('.', out);
}

void reassign_print_active(const struct reassign_rows *active, FILE *out)
{
	if (active->n == 0) {
		fprintf(out, "No partition reassignments found.\n");
		return;
	}
	fprintf(out, "Current partition reassignments:\n");
	for (size_t i = 0; i < active->n; i++) {
		const struct reassign_row *row = &active->v[i];

		fprintf(out, "%.*s-%d: replicas: ", STR_ARG(row->topic), row->partition);
		print_ids(&row->replicas, out);
		fputc('.', out);
		print_some(" adding: ", &row->adding, out);
		print_some(" removing: ", &row->removing, out);
		fputc('\n', out);
	}
}

static void print_move(const struct reassign_move *m, FILE *out)
{
	struct str t = m->topic;

	if (m->current.len < 0)
		fprintf(out,
			"Partition %.*s-%d is not found in any live log dir on broker %d. There is "
			"likely "
			"an offline log directory on the broker.\n",
			STR_ARG(t), m->partition, m->broker);
	else if (m->future.len < 0 && str_eq(m->current, m->to))
		fprintf(out, "Reassignment of replica %.*s-%d-%d completed successfully.\n",
			STR_ARG(t), m->partition, m->broker);
	else if (m->future.len < 0)
		fprintf(out,
			"Partition %.*s-%d on broker %d is not being moved from log dir %.*s to "
			"%.*s.\n",
			STR_ARG(t), m->partition, m->broker, STR_ARG(m->current), STR_ARG(m->to));
	else if (str_eq(m->future, m->to))
		fprintf(out, "Reassignment of replica %.*s-%d-%d is still in progress.\n",
			STR_ARG(t), m->partition, m->broker);
	else
		fprintf(out,
			"Partition %.*s-%d on broker %d is being moved to log dir %.*s instead of "
			"%.*s.\n",
			STR_ARG(t), m->partition, m->broker, STR_ARG(m->future), STR_ARG(m->to));
}

void reassign_print_moves(const struct reassign_moves *sorted, FILE *out)
{
	for (size_t i = 0; i < sorted->n; i++)
		print_move(&sorted->v[i], out);
	if (sorted->n == 0)
		fputc('\n', out);
}
