// Answers `dialguard conformance`: one case per line, its outcome on another.

import { Dialer, type Known } from "./dialer.ts";
import { callFromJson, camelCase, fromJson, toJson } from "./json.ts";
import { inOrder, Refused, refusal, type Policy } from "./policy.ts";

export function answer(policy: Policy, line: string): string {
  const { call, failures, sources, ...known } = JSON.parse(line);
  const dialer = new Dialer({
    ...(fromJson(known) as Known),
    sources: fromJson(sources).map((source: any) => ({ ...source, carriers: Uint16Array.from(source.carriers) })),
    failures: refused(failures),
  });
  const { name, given } = callFromJson(call);
  const began = performance.now();
  const came = attempt(() => ask(policy, dialer, name, given));
  const microseconds = Math.round((performance.now() - began) * 1_000);
  return JSON.stringify({ ...toJson(came), "look-ups": toJson(dialer.lookUps), microseconds });
}

/** Settings come by name, and a policy takes them in its own order. */
function ask(policy: Policy, dialer: Dialer, name: string, given: any[]) {
  const functions = policy.for(dialer) as Record<string, any>;
  return functions[name](...(name === "checkSettings" ? [inOrder(given[0], policy.settings(), outOfRange)] : given));
}

function outOfRange(name: string): never {
  throw new Refused("invalid-settings", `${name} is out of range; \`describe\` says what it may be.`);
}

const refused = (errors: Record<string, Refused["payload"]>) =>
  Object.fromEntries(
    Object.entries(errors).map(([name, { code, message }]) => [camelCase(name), new Refused(code, message)]),
  );

function attempt(ask: () => unknown) {
  try {
    return { ok: ask() };
  } catch (thrown) {
    const error = refusal(thrown);
    return error ? { err: error } : { fault: String(thrown) };
  }
}
