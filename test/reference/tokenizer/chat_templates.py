"""Makes chat-templates.json: conversations rendered, or refused, by transformers' own Jinja environment.

    python test/reference/tokenizer/chat_templates.py     # needs: transformers, jinja2

The templates are our own, each with what the templates of one family of models use.
"""

import json
from pathlib import Path

from transformers.utils.chat_template_utils import render_jinja_template

TEMPLATES = {
    # No system message, roles take turns, text is trimmed.
    "gemma2": "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system message') }}{% endif %}"
    "{% for m in messages %}{% if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('roles must take turns') }}{% endif %}"
    "{% set role = 'model' if m['role'] == 'assistant' else m['role'] %}"
    "{{ '<turn>' + role + '\n' + m['content'] | trim + '</turn>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<turn>model\n' }}{% endif %}",
    # The system message goes in front of the first turn; whitespace control throughout.
    "gemma3_text": """{{ bos_token }}
{%- if messages[0]['role'] == 'system' -%}
    {%- set prefix = messages[0]['content'] + '\n\n' -%}
    {%- set turns = messages[1:] -%}
{%- else -%}
    {%- set prefix = "" -%}
    {%- set turns = messages -%}
{%- endif -%}
{%- for m in turns -%}
    {{ '<turn>' + m['role'] + '\n' + (prefix if loop.first else "") }}
    {%- if m['content'] is string -%}
        {{ m['content'] | trim }}
    {%- elif m['content'] is iterable -%}
        {{ raise_exception("only text") }}
    {%- endif -%}
    {{ '</turn>\n' }}
{%- endfor -%}
{%- if add_generation_prompt -%}
    {{ '<turn>model\n' }}
{%- endif -%}
""",
    # Thoughts of earlier answers are left out: namespace, reversed list, split and strip.
    "qwen3": """{%- if tools %}
    {{- raise_exception("no tools here") }}
{%- endif %}
{%- set ns = namespace(last=messages|length - 1, open=true) %}
{%- for m in messages[::-1] %}
    {%- if ns.open and m.role == "user" and not (m.content.startswith('<r>') and m.content.endswith('</r>')) %}
        {%- set ns.open = false %}
        {%- set ns.last = (messages|length - 1) - loop.index0 %}
    {%- endif %}
{%- endfor %}
{%- for m in messages %}
    {%- set content = m.content %}
    {%- if m.role == "assistant" and '</think>' in content and loop.index0 < ns.last %}
        {%- set content = content.split('</think>')[-1].lstrip('\n') %}
    {%- endif %}
    {{- '<|start|>' + m.role + '\n' + content.strip('\n') + '<|end|>\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|start|>assistant\n' }}
    {%- if thinking is defined and thinking is false %}
        {{- '<think>\n\n</think>\n\n' }}
    {%- endif %}
{%- endif %}""",
    # `tools` is there and none; a variable that may be given; a key that a message may have.
    "llama": """{{- bos_token }}
{#- No date: it would change from day to day. #}
{%- if not date_string is defined %}
    {%- set date_string = "26 Jul 2024" if strftime_now is defined else "none" %}
{%- endif %}
{%- if tools is not none %}
    {{- "with tools" }}
{%- endif %}
{{- "Today: " + date_string + "\n" }}
{%- for m in messages %}
    {%- if not (m.role == 'tool' or 'tool_calls' in m) %}
        {{- '<|' + m['role'] + '|>\n\n' + m['content'] | trim + '<|eot|>' }}
    {%- endif %}
{%- endfor %}
""",
    # Filters over messages, and the end token after an answer.
    "mistral": """{%- set asked = messages | selectattr("role", "equalto", "user") | list %}
{{- bos_token }}
{%- for m in messages %}
    {%- if m["role"] == "user" %}
        {{- ("[LAST] " if m == asked[-1] else "[INST] ") ~ m["content"] ~ "[/INST]" }}
    {%- elif m["role"] == "assistant" %}
        {{- " " + m["content"]|trim + eos_token }}
    {%- else %}
        {{- raise_exception("only user and assistant, got " + m["role"]) }}
    {%- endif %}
{%- endfor %}""",
    # White space and other characters taken off either end.
    "strips": "{% for m in messages %}{{ '[' + m.content.strip() + '|' + m.content.lstrip(' H') + '|'"
    " + m.content.rstrip('\n .i') + '|' + m.content.split('e')[0].strip('H') + '|' + m.content.strip('') + ']' }}{% endfor %}",
    # Marks of what is trained on, a macro, JSON.
    "others": "{% macro turn(m, end='.') %}{{ m.role | capitalize }}: {{ m | tojson }}{{ end }}{% endmacro %}"
    "{% for m in messages %}{% if m.role == 'assistant' %}{% generation %}{{ turn(m, eos_token) }}{% endgeneration %}"
    "{% else %}{{ turn(m) }}{% endif %}{{ '\n' if not loop.last }}{% endfor %}",
}

CONVERSATIONS = {
    "a question": [("user", " Hi there \n")],
    "a system message": [("system", "Be brief."), ("user", "Hi")],
    "turns": [("user", "Hi"), ("assistant", '<think>\nhm\n</think>\n\nHello "you" ü <b>'), ("user", "Bye")],
    "two questions": [("user", "Hi"), ("user", "again")],
}


def main():
    cases = []
    for family, template in TEMPLATES.items():
        for name, turns in CONVERSATIONS.items():
            messages = [{"role": role, "content": content} for role, content in turns]
            for prompt in (False, True):
                case = {"family": family, "conversation": name, "messages": messages, "add_generation_prompt": prompt}
                tokens = {"bos_token": "<s>", "eos_token": "</s>"}
                try:
                    rendered, _ = render_jinja_template(
                        [messages], chat_template=template, add_generation_prompt=prompt, **tokens
                    )
                    case["text"] = rendered[0]
                except Exception as error:
                    case["refused"] = str(error)
                cases.append(case)
    out = {"templates": TEMPLATES, "cases": cases}
    Path(__file__).with_name("chat-templates.json").write_text(json.dumps(out, indent=1, ensure_ascii=False) + "\n")


main()
