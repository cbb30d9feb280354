// The page: a form for an account, and its review as text.

import type { Plan, Status } from "../../node/generated/types/interfaces/dialguard-reputation-types.js";
import { MONITORED, REVIEWS, SUSPECTS } from "../../node/table.ts";
import { accountOf } from "./form.ts";
import { addCandidate, addNumber, clear, example } from "./rows.ts";
import type { Answer, Question } from "./worker.ts";

const SECONDS_MAX = 10;
const MARKS: Record<Status, string> = { pending: "○", clean: "●", "at-risk": "▲", flagged: "✖" };

const form = document.querySelector<HTMLFormElement>("#account")!;
const result = document.querySelector<HTMLElement>("#result")!;

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const question = accountOf(form);
  if (!question) return;
  form.setAttribute("aria-busy", "true");
  show(question, await ask(question));
  form.removeAttribute("aria-busy");
  result.focus();
});
on("#add-number", () => addNumber().focus());
on("#add-candidate", () => addCandidate().focus());
on("#clear", () => clear().focus());
example();

function on(button: string, press: () => void) {
  document.querySelector(button)!.addEventListener("click", press);
}

/** Each call has its own worker, which is terminated after it. */
async function ask(question: Question): Promise<Answer> {
  const worker = new Worker("worker.js", { type: "module" });
  const tooLate = { fault: `The policy did not answer in ${SECONDS_MAX} seconds and was ended.` };
  const answer = await new Promise<Answer>((answered) => {
    worker.onmessage = ({ data }) => answered(data);
    worker.onerror = ({ message }) => answered({ fault: message });
    setTimeout(() => answered(tooLate), SECONDS_MAX * 1_000);
    worker.postMessage(question);
  });
  worker.terminate();
  return answer;
}

function show(question: Question, answer: Answer) {
  const shown = document.querySelector("#answer")!;
  if ("fault" in answer) return shown.replaceChildren(failure("The policy could not be asked", answer.fault));
  if ("refused" in answer) {
    const { code, message } = answer.refused;
    return shown.replaceChildren(failure(`The policy answered no plan: ${code}`, message));
  }
  const { name, version, summary } = answer.description;
  const took = `${name} ${version} took ${answer.milliseconds.toFixed(1)} ms. ${summary}`;
  shown.replaceChildren(...reviewInWords(question, answer.plan), element("p", "hint", took));
}

function failure(title: string, why: string): HTMLElement {
  const box = element("div", "failure");
  box.setAttribute("role", "alert");
  box.append(element("h3", "", title), element("p", "", why), element("p", "", "Nothing was changed."));
  return box;
}

function reviewInWords({ known }: Question, { reviews, suspects, actions, notices }: Plan): HTMLElement[] {
  const before = new Map([...MONITORED.rows(known.monitored)].map(({ number, status }) => [number, status]));
  const called = new Map([...(suspects ? SUSPECTS.rows(suspects) : [])].map((suspect) => [suspect.number, suspect]));
  const rated = [...REVIEWS.rows(reviews)].map(({ number, status, flagging, answering }) => {
    const turned = before.get(number) === status ? "is still" : "turned";
    const line = element("li", `status ${status}`, `+${number} ${turned} `);
    const silent = known.carriers.length - answering;
    const suspect = called.get(number);
    line.append(
      element("strong", "", `${MARKS[status]} ${status}`),
      `: ${flagging} of ${answering} carriers flag it${silent > 0 ? `, ${silent} did not answer` : ""}.`,
      suspect ? ` Suspect: ${suspect.answered} of ${suspect.attempts} calls were answered.` : "",
    );
    return line;
  });
  const done = actions.map((action) => {
    if (action.tag !== "replace-number") return element("li", "", action.tag);
    const { number, replacement, slot, because } = action.val;
    return element("li", "", `Replace +${number} by +${replacement} in slot ${slot}. ${because}`);
  });
  const items = notices.map(({ severity, text }) => element("li", `notice ${severity}`, text));
  return [
    ...list("Numbers", rated, "No number was due for a check."),
    ...list("To be done", done, "Nothing."),
    ...list("Notices", items, "None."),
  ];
}

function list(title: string, lines: HTMLElement[], none: string): HTMLElement[] {
  const all = element("ul", "");
  all.append(...lines);
  return [element("h3", "", title), lines.length > 0 ? all : element("p", "hint", none)];
}

function element(tag: string, className: string, text = ""): HTMLElement {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}
