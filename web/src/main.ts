import { mount } from "svelte";
import App from "./app/App.svelte";
import { answerFirst } from "./ui/later";
import "./ui/tokens.css";
import "./ui/base.css";

const target = document.getElementById("app");
answerFirst();
if (target) mount(App, { target });
