{# What every table of call success shows, of the rows of call_facts. #}
{% macro call_figures() -%}
    count(*) FILTER (WHERE is_attempt) AS attempts,
    count(*) FILTER (WHERE is_completed) AS completed,
    count(*) FILTER (WHERE is_disconnected) AS disconnected,
    count(*) FILTER (WHERE is_failed) AS failed,
    count(*) FILTER (WHERE is_contact) AS contacts,
    CAST(sum(talk_seconds) AS BIGINT) AS talk_seconds,
    min(called_at) FILTER (WHERE is_attempt) AS first_call_at,
    max(called_at) FILTER (WHERE is_attempt) AS last_call_at
{%- endmacro %}

{# The figures of whoever may have no calls at all, and the rates. #}
{% macro shown_figures(figures) -%}
    {% for name in ['attempts', 'completed', 'disconnected', 'failed', 'contacts', 'talk_seconds'] -%}
    coalesce({{ figures }}.{{ name }}, 0) AS {{ name }},
    {% endfor -%}
    {{ rate(figures ~ '.completed', figures ~ '.attempts') }} AS success_rate,
    {{ wilson(figures ~ '.completed', figures ~ '.attempts', '-') }} AS success_rate_low,
    {{ wilson(figures ~ '.completed', figures ~ '.attempts', '+') }} AS success_rate_high,
    {{ rate(figures ~ '.contacts', figures ~ '.attempts') }} AS contact_rate
{%- endmacro %}

{% macro rate(part, whole) %}({{ part }} / nullif(CAST({{ whole }} AS DOUBLE), 0)){% endmacro %}

{# An end of the 95 % Wilson interval. #}
{% macro wilson(part, whole, sign) -%}
    (({{ rate(part, whole) }} + 1.92073 / {{ whole }} {{ sign }} 1.95996 * sqrt(
        ({{ rate(part, whole) }} * (1 - {{ rate(part, whole) }}) + 0.960365 / {{ whole }}) / {{ whole }}
    )) / (1 + 3.84146 / {{ whole }}))
{%- endmacro %}

{% macro shrunk_rate(figures, overall) -%}
    (coalesce({{ figures }}.completed, 0) + 20 * {{ overall }}) / (coalesce({{ figures }}.attempts, 0) + 20)
{%- endmacro %}
