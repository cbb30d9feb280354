// The policy, in a worker: one that loops can be terminated, and never blocks the page.

import { answer } from "../../node/conformance.ts";
import { Dialer, type Known } from "../../node/dialer.ts";
import type { Description } from "../../node/generated/types/interfaces/dialguard-reputation-policy.js";
import type { Error as Refusal, Plan } from "../../node/generated/types/interfaces/dialguard-reputation-types.js";
import { Policy, refusal } from "../../node/policy.ts";

/** The page's request: a review of this account. `folder` is the server's, with the translated component. */
export interface Question {
  folder: string;
  id: string;
  known: Known;
}

/** The outcome. `milliseconds` is the policy's time only. */
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
    dialer.after(plan); // Fails if the plan cannot be applied.
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
    return JSON.stringify({ fault: String(thrown), "look-ups": [] });
  }
}

self.onmessage = async ({ data }: MessageEvent<Question | string>) =>
  self.postMessage(typeof data === "string" ? await answerLine(data) : await review(data));
