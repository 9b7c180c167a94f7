{% macro text(column) %}nullif(trim({{ column }}), ''){% endmacro %}

{% macro amount(column) %}TRY_CAST(replace({{ text(column) }}, ',', '') AS DECIMAL(15, 2)){% endmacro %}

{% macro day(column) %}CAST(try_strptime({{ text(column) }}, ['%d/%m/%Y', '%d-%b-%Y', '%Y-%m-%d']) AS DATE){% endmacro %}

{% macro utc(column) %}(TRY_CAST({{ text(column) }} AS TIMESTAMP) - to_minutes({{ var('utc_offset_minutes') }})){% endmacro %}

{# Ten digits after a 0 or 91, as +91 and the ten; a number that nobody has (9000000000) is none. #}
{% macro phone(column) -%}
    '+91' || nullif(regexp_extract(
        regexp_replace({{ column }}, '[^0-9]', '', 'g'), '^(?:0|91)?([1-9][0-9]{9})$', 1
    ), '9000000000')
{%- endmacro %}
