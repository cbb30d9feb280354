/* A small dialer: one account, its numbers, its carriers and its clock, in memory. */
#ifndef DIALER_H
#define DIALER_H

#include "policy.h"

/* All that it knows, with the contract's names: `now`, `carriers`, `observations`, `account`, and the numbers
 * `monitored`, `owned` and on offer as `candidates`, all of them ascending; `flag-events`, oldest first; and
 * `failures`, the errors of imports that fail, by name. */
struct dialer {
    json_t *known;
    size_t numbers_looked_up;
};

extern const struct interface IMPORTS[];

/* The daily review: the policy plans it, and the dialer does all of it or nothing. The answer is that of `policy_call`,
 * or an `err` where the plan cannot be done. */
json_t *dialer_review(struct dialer *dialer, struct policy *policy, const char *account);

/* The contract's error, as imports answer it. */
json_t *refused(const char *code, const char *message);

/* Where in an ascending list of numbers, or of what is known about each, one is or belongs. */
size_t place(const json_t *list, uint64_t number);

/* `conformance`: answers `dialguard conformance`, a line for a line. */
int answer_cases(struct policy *policy);

/* `days`: three days, and what happens where something fails. */
int tell_days(struct policy *policy);

#endif
