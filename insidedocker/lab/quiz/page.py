"""What a question gives the page besides ipywidgets' controls: long options are shown in full, and
keys pressed in its controls are theirs."""

OPTIONS = "insidedocker-options"  # the class of controls that hold options
QUESTION = "insidedocker-question"

# ipywidgets gives every option one line: longer ones would be cut, or lie upon another.
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
# a list would cut the whole cell. What it listens to is stopped, once for a page; what the browser
# does with a key is not. Enter, and keys with Ctrl or Alt, go to JupyterLab as ever.
_KEYS = f"""<script>
window.insidedockerQuizKeys ??= addEventListener("keydown", event => {{
  const here = event.target.closest?.(".jp-OutputArea")?.querySelector(".{QUESTION}");
  const plain = event.key.length === 1 || event.key.startsWith("Arrow");
  if (here && plain && !event.ctrlKey && !event.altKey && !event.metaKey) event.stopPropagation();
}}, true) ?? true;
</script>"""

PAGE = f"{_STYLE}{_KEYS}"
