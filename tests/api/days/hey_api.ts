// A day of a dialer through the client of @hey-api/openapi-ts: `node hey_api.js ADDRESS TOKEN` prints what came of it.

import { client } from "./client/client.gen";
import * as api from "./client";

declare const process: { argv: string[] };

async function day() {
  const [, , baseUrl, token] = process.argv;
  client.setConfig({ baseUrl, auth: token });
  const path = { account: "day" };

  await api.addAccount({ body: { id: "day", blocks: 1, "time-zone": "UTC" }, throwOnError: true });
  const numbers = ["+13105550100", "+13105550101"];
  await api.importNumbers({ path, body: { numbers }, throwOnError: true });
  await api.importNumbers({ path, body: { numbers: ["+13105550190"], as: "candidate" }, throwOnError: true });
  await api.makeRequest({ path, body: { request: "start-monitoring", numbers }, throwOnError: true });
  await api.reviewAccount({ path, throwOnError: true });

  const flagged = await api.listNumbers({ path, query: { status: "flagged" }, throwOnError: true });
  const red = flagged.data.items.map((item) => item.number);
  const decision = await api.makeRequest({ path, body: { request: "replace-numbers", numbers: red }, throwOnError: true });
  const spending = await api.getSpending({ path, throwOnError: true });

  const unknown = await api.getAccount({ path: { account: "nobody" } });
  const refused = await api.changeAccount({ path, body: { settings: { "no-such-setting": "1" } } });

  console.log(
    JSON.stringify({
      flagged: red,
      replaced: decision.data.replaced.map((one) => one.replacement),
      "charged-cents": spending.data["charged-in-cycle-cents"],
      problems: [unknown.error?.type, refused.error?.type, refused.error?.field],
    }),
  );
}

day();
