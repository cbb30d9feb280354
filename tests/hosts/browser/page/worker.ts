// The policy, beside the page: one that loops can be ended, and the page never stands still.

import { answer } from "../../node/conformance.ts";
import { Dialer, type Known } from "../../node/dialer.ts";
import type { Description } from "../../node/generated/types/interfaces/dialguard-reputation-policy.js";
import type { Error as Refusal, Plan } from "../../node/generated/types/interfaces/dialguard-reputation-types.js";
import { Policy, refusal } from "../../node/policy.ts";

/** What the page asks: a review of this account. `folder` is the server's, with a component made into JavaScript. */
export interface Question {
  folder: string;
  id: string;
  known: Known;
}

/** What came of it. `milliseconds` is the policy's time alone. */
export type Answer =
  | { plan: Plan; description: Description; milliseconds: number }
  | { refused: Refusal }
  | { fault: string };

const policies = new Map<string, Promise<Policy>>();

function load(folder: string): Promise<Policy> {
  if (!policies.has(folder)) policies.set(folder, Policy.load(new URL(folder, self.location.href), read));
  return policies.get(folder)!;
}

async function read(file: URL): Promise<ArrayBuffer> {
  const response = await fetch(file);
  if (!response.ok) throw new Error(`the server has no ${file.pathname}; start it again`);
  return response.arrayBuffer();
}

async function review({ folder, id, known }: Question): Promise<Answer> {
  try {
    const policy = await load(folder);
    const dialer = new Dialer(known);
    const began = performance.now();
    const plan = policy.for(dialer).reviewAccount(id);
    const milliseconds = performance.now() - began;
    dialer.after(plan); // Fails where the plan cannot be done.
    return { plan, description: policy.for(dialer).describe(), milliseconds };
  } catch (thrown) {
    const refused = refusal(thrown);
    return refused ? { refused } : { fault: thrown instanceof Error ? thrown.message : String(thrown) };
  }
}

/** A line of `dialguard conformance`. */
async function answerLine(line: string): Promise<string> {
  try {
    return answer(await load("policy/"), line);
  } catch (thrown) {
    return JSON.stringify({ fault: String(thrown), "numbers-looked-up": 0 });
  }
}

self.onmessage = async ({ data }: MessageEvent<Question | string>) =>
  self.postMessage(typeof data === "string" ? await answerLine(data) : await review(data));
