// Pictures on their way out: what the server would refuse is made smaller here first.

import { Problem } from "./api.js";
import { t } from "./language.js";

const ACCEPTED = ["image/png", "image/jpeg", "image/webp"];
const LARGEST = 4_000_000; // bytes
const MOST_PIXELS = 25_000_000;
const LONGEST_SIDE = 2048; // far more than any panel has

/** Return a picture that the server takes; throws Problem when the browser cannot read it. */
export async function ready(file) {
  if (ACCEPTED.includes(file.type) && file.size <= LARGEST && (await pixels(file)) <= MOST_PIXELS) return file;
  return shrink(await decode(file));
}

// How many there are without decoding them; 0 for what the browser cannot read: the server says why.
async function pixels(file) {
  const image = new Image();
  const address = URL.createObjectURL(file);
  try {
    await new Promise((resolve) => {
      image.onload = image.onerror = resolve;
      image.src = address;
    });
    return image.naturalWidth * image.naturalHeight;
  } finally {
    URL.revokeObjectURL(address);
  }
}

async function decode(file) {
  try {
    return await createImageBitmap(file);
  } catch {
    throw new Problem(t("“{name}” is not a picture that this browser can read.", { name: file.name }));
  }
}

async function shrink(bitmap) {
  const scale = Math.min(1, LONGEST_SIDE / Math.max(bitmap.width, bitmap.height));
  const width = Math.max(1, Math.round(bitmap.width * scale));
  const height = Math.max(1, Math.round(bitmap.height * scale));
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const context = canvas.getContext("2d");
  // A JPEG has no transparency: what was transparent would be black.
  context.fillStyle = "white";
  context.fillRect(0, 0, width, height);
  context.drawImage(bitmap, 0, 0, width, height);
  bitmap.close();
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.92));
}

/** Return the first picture of a drop or a paste, or null. */
export function pictureIn(transfer) {
  return Array.from(transfer?.files ?? []).find((file) => file.type.startsWith("image/")) ?? null;
}
