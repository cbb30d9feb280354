// The same through openapi-fetch, with the types of openapi-typescript: `node openapi_fetch.js ADDRESS TOKEN`.

import createClient from "openapi-fetch";
import type { paths } from "./client";

declare const process: { argv: string[] };

/** What a call answered, which has to succeed. */
async function done<T>(call: Promise<{ data?: T; error?: unknown }>): Promise<T> {
  const { data, error } = await call;
  if (data === undefined) throw new Error(JSON.stringify(error));
  return data;
}

async function day() {
  const [, , baseUrl, token] = process.argv;
  const api = createClient<paths>({ baseUrl, headers: { authorization: `Bearer ${token}` } });
  const params = { path: { account: "day" } };

  await done(api.POST("/api/v1/accounts", { body: { id: "day", blocks: 1, "time-zone": "UTC" } }));
  const numbers = ["+13105550100", "+13105550101"];
  await done(api.POST("/api/v1/accounts/{account}/numbers", { params, body: { numbers } }));
  const candidates = { numbers: ["+13105550190"], as: "candidate" as const };
  await done(api.POST("/api/v1/accounts/{account}/numbers", { params, body: candidates }));
  await done(api.POST("/api/v1/accounts/{account}/requests", { params, body: { request: "start-monitoring", numbers } }));
  await done(api.POST("/api/v1/accounts/{account}/reviews", { params }));

  const filter = { ...params, query: { status: "flagged" } } as const;
  const flagged = await done(api.GET("/api/v1/accounts/{account}/numbers", { params: filter }));
  const red = flagged.items.map((item) => item.number);
  const replace = { request: "replace-numbers" as const, numbers: red };
  const decision = await done(api.POST("/api/v1/accounts/{account}/requests", { params, body: replace }));
  const spending = await done(api.GET("/api/v1/accounts/{account}/spending", { params }));

  const unknown = await api.GET("/api/v1/accounts/{account}", { params: { path: { account: "nobody" } } });
  const settings = { "no-such-setting": "1" };
  const refused = await api.PATCH("/api/v1/accounts/{account}", { params, body: { settings } });

  console.log(
    JSON.stringify({
      flagged: red,
      replaced: decision.replaced.map((one) => one.replacement),
      "charged-cents": spending["charged-in-cycle-cents"],
      problems: [unknown.error?.type, refused.error?.type, refused.error?.field],
    }),
  );
}

day();
