// Whether a picture is in its page: it says what it shows, and nothing of it is cut off.

import assert from "node:assert/strict";

/** How far a stroke may reach out of a picture, in pixels. */
const STROKE = 3;

/**
 * @param {import("playwright-core").Locator} picture an SVG
 * @param {RegExp} says what its name has to say
 */
export async function isDrawn(picture, says) {
  await picture.waitFor();
  const { name, shapes, outside, left, right, width } = await picture.evaluate((svg, stroke) => {
    const frame = svg.getBoundingClientRect();
    const shapes = [...svg.querySelectorAll("rect, path, line, circle, text")];
    const isOutside = (shape) => {
      const box = shape.getBoundingClientRect();
      const beyond = [frame.left - box.left, box.right - frame.right, frame.top - box.top, box.bottom - frame.bottom];
      return getComputedStyle(shape).display !== "none" && Math.max(...beyond) > stroke;
    };
    return {
      name: svg.getAttribute("aria-label") ?? svg.querySelector(":scope > title")?.textContent ?? "",
      shapes: shapes.length,
      outside: shapes.filter(isOutside).map((shape) => shape.outerHTML),
      left: frame.left,
      right: frame.right,
      width: document.documentElement.clientWidth,
    };
  }, STROKE);
  assert.match(name, says);
  assert.ok(shapes > 0, `${name} shows nothing`);
  assert.deepEqual(outside, [], `${name} is cut off at ${width} px`);
  assert.ok(left >= 0 && right <= width, `${name} is ${left} to ${right} of ${width} px`);
}
