"use strict";
/* Questions to the server: an answer in one piece, or in events while it is worked on. */

async function answerTo(path, question) {
  const options = question && { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(question) };
  return refused(await fetch(path, options)).then((answer) => answer.json());
}

/* Calls `heard` with each event's name and data, in order. Rejects with the server's own words where it refuses. */
async function followed(path, question, heard, signal) {
  const answer = await refused(await fetch(path, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(question), signal,
  }));
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let waiting = "";
  let ended = false;
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    const blocks = (waiting + piece.value).split("\n\n");
    waiting = blocks.pop();
    for (const block of blocks) {
      const [name, data] = block.split("\n").map((line) => line.slice(line.indexOf(": ") + 2));
      const plain = JSON.parse(data);
      if (name === "error") throw new Error(plain.error);
      ended ||= name === "end";
      heard(name, plain);
    }
  }
  if (!ended) throw new Error("The server went away before it was done; start it again and ask once more.");
}

async function refused(answer) {
  if (answer.ok) return answer;
  const told = await answer.json().catch(() => ({}));
  throw new Error(told.error ?? `The server answered ${answer.status}.`);
}

/* In words for people, whatever went wrong. */
function faultWords(fault) {
  return fault instanceof TypeError ? "The server does not answer; is it still running?" : shown(fault.message);
}
