// The rows of the form, one per number, and its other fields.

export const CARRIERS = [
  { id: 1, name: "AT&T (Hiya)" },
  { id: 2, name: "T-Mobile (First Orion)" },
  { id: 3, name: "Verizon (TNS)" },
];

export const rows = (list: string) => [...document.querySelectorAll<HTMLElement>(`${list} .row`)];

/** An input by its name; of several with one name, the selected one. */
export function entered(within: HTMLElement, name: string): HTMLInputElement {
  const chosen = within.querySelector<HTMLInputElement>(`[name=${name}]:checked`);
  return chosen ?? within.querySelector<HTMLInputElement>(`[name=${name}]`)!;
}

/** Adds a row for a monitored number in the first free slot; returns the field to fill in first. */
export function addNumber(number = "", status = "clean", scores: string[] = []): HTMLInputElement {
  const taken = new Set(rows("#numbers").map((row) => entered(row, "slot").value));
  let slot = 1;
  while (taken.has(String(slot))) slot++;
  const row = addRow("number-row", "#numbers", number, scores);
  entered(row, "slot").value = String(slot);
  entered(row, "status").value = status;
  return entered(row, "number");
}

export function addCandidate(number = "", scores: string[] = []): HTMLInputElement {
  return entered(addRow("candidate-row", "#candidates", number, scores), "number");
}

function addRow(template: string, list: string, number: string, scores: string[]): HTMLElement {
  const copy = document.querySelector<HTMLTemplateElement>(`#${template}`)!.content.cloneNode(true) as DocumentFragment;
  const row = copy.querySelector<HTMLElement>(".row")!;
  row.querySelector(".scores")!.append(...CARRIERS.map(({ id, name }) => scoreEntry(id, name, scores[id - 1] ?? "")));
  row.querySelector(".remove")!.addEventListener("click", () => remove(row));
  entered(row, "number").value = number;
  document.querySelector(list)!.append(copy);
  return row;
}

/** Keyboard focus stays where the row was. */
function remove(row: HTMLElement) {
  const next = (row.nextElementSibling ?? row.previousElementSibling)?.querySelector("input");
  const add = row.parentElement!.nextElementSibling as HTMLElement;
  row.remove();
  (next ?? add).focus();
}

function scoreEntry(carrier: number, name: string, score: string): HTMLLabelElement {
  const label = document.createElement("label");
  const input = document.createElement("input");
  Object.assign(input, { type: "number", name: `carrier-${carrier}`, min: "0", max: "100", placeholder: "–" });
  input.value = score;
  label.append(`${name} `, input);
  return label;
}

/** Removes every row, and returns the field to fill in first. */
export function clear(): HTMLInputElement {
  for (const row of [...rows("#numbers"), ...rows("#candidates")]) row.remove();
  return addNumber();
}

/** The initial rows. */
export function example() {
  addNumber("+13105550100", "clean", ["0", "10", "5"]);
  addNumber("+13105550101", "flagged", ["95", "90", "20"]);
  addNumber("+13105550102", "pending", ["5", "85", ""]);
  addCandidate("+13105550141", ["0", "0", "5"]);
  addCandidate("+12125550177", ["0", "0", ""]);
}
