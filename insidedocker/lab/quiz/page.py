"""Additions of a question to the page besides ipywidgets' controls: long options are shown in full,
and keys pressed in the controls do not reach JupyterLab."""

OPTIONS = "insidedocker-options"  # the class of controls that hold options
QUESTION = "insidedocker-question"

# ipywidgets gives every option one line: longer options would be cut, or overlap.
_STYLE = f"""<style>
.{OPTIONS} label:has(> input) {{
  display: flex; align-items: center; height: auto; padding: 2px 0;
  line-height: 1.4; white-space: normal;
}}
.{OPTIONS} label > input {{ order: -1; flex: none; }}
.{OPTIONS} label > span {{ overflow: visible; white-space: normal; }}
.{OPTIONS} .widget-checkbox {{ height: auto; }}
</style>"""

# JupyterLab takes plain letters and arrows for commands wherever the focus is in its output: X in
# a list would cut the whole cell. So these key events are stopped, with one listener for a page;
# the browser still handles the key. Enter, and keys with Ctrl or Alt, still reach JupyterLab.
_KEYS = f"""<script>
window.insidedockerQuizKeys ??= addEventListener("keydown", event => {{
  const here = event.target.closest?.(".jp-OutputArea")?.querySelector(".{QUESTION}");
  const plain = event.key.length === 1 || event.key.startsWith("Arrow");
  if (here && plain && !event.ctrlKey && !event.altKey && !event.metaKey) event.stopPropagation();
}}, true) ?? true;
</script>"""

PAGE = f"{_STYLE}{_KEYS}"
