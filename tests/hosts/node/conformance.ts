// Answers `dialguard conformance`: one case per line, its outcome on another.

import { Dialer } from "./dialer.ts";
import { callFromJson, fromJson, toJson } from "./json.ts";
import { Refused, refusal, type Policy } from "./policy.ts";

export function answer(policy: Policy, line: string): string {
  const { call, failures, ...known } = JSON.parse(line);
  const dialer = new Dialer({ ...fromJson(known), failures: refused(fromJson(failures)) });
  const { name, given } = callFromJson(call);
  const began = performance.now();
  const came = attempt(() => (policy.for(dialer) as Record<string, any>)[name](...given));
  const microseconds = Math.round((performance.now() - began) * 1_000);
  return JSON.stringify({ ...toJson(came), "numbers-looked-up": dialer.numbersLookedUp, microseconds });
}

const refused = (errors: Record<string, Refused["payload"]>) =>
  Object.fromEntries(Object.entries(errors).map(([name, { code, message }]) => [name, new Refused(code, message)]));

function attempt(ask: () => unknown) {
  try {
    return { ok: ask() };
  } catch (thrown) {
    const error = refusal(thrown);
    return error ? { err: error } : { fault: String(thrown) };
  }
}
