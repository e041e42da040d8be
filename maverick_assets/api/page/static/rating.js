// Feedback on an answer: 1 to 10, and what it should have said.

import {ask} from "./api.js";
import {announce, copyOf, say} from "./dom.js";

/** Open the form below an answer, or close it. `feedback` holds the request's other fields. */
export function toggleRating(article, feedback) {
  const button = article.querySelector(".rate");
  const close = () => {
    article.querySelector(".rating")?.remove();
    button.setAttribute("aria-expanded", "false");
    button.focus();
  };
  if (article.querySelector(".rating")) return close();
  const form = copyOf("rating");
  form.querySelector(".scale").append(...grades());
  form.querySelector(".cancel").addEventListener("click", close);
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    close();
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const rating = Number(new FormData(form).get("rating"));
    const correction = form.querySelector("textarea").value.trim();
    try {
      await ask("POST", "/api/feedback", {...feedback(), rating, ...(correction && {correction})});
    } catch (failure) {
      return say(form.querySelector(".wrong"), failure.message);
    }
    close();
    button.textContent = `Rated ${rating}`;
    announce(`Rated ${rating} of 10${correction ? ", and corrected" : ""}`);
  });
  article.append(form);
  button.setAttribute("aria-expanded", "true");
  form.querySelector("input").focus();
  form.scrollIntoView({block: "nearest"});
}

function grades() {
  return Array.from({length: 10}, (_, index) => {
    const label = document.createElement("label"), input = document.createElement("input");
    Object.assign(input, {type: "radio", name: "rating", value: String(index + 1), required: true});
    label.append(input, String(index + 1));
    return label;
  });
}
