"""The fields of each kind of upload, the headers that serve them, and what a record of ours can state.

Where several columns serve one field, the first non-blank in the order listed here counts.

Files are of two kinds (or unknown). What our own API and imports state comes as records of six more kinds, one for each
table of the earlier system: a record is one row as stated, with its own id (`entity_id`). Its cells are text, plain:
ISO dates and times (UTC), numbers with a point; null is not stated.
"""

LOAN_BOOK = "loan_book"
CALL_LOG = "call_log"
UNKNOWN = "unknown"
CUSTOMER = "customer"
LOAN = "loan"
CALL = "call"
STATUS = "status"
FILE_UPLOAD = "file_upload"
UPLOAD_ROW = "upload_row"

# Names are given as words; `models.headers` says which headers are the same. Systems: Fineract and Mifos, Mambu, Frappe
# Lending, and the allocation lists that Indian lenders send to collection teams.
LOAN_BOOK_FIELDS: dict[str, tuple[str, ...]] = {
    "full_name": (
        *("name", "customer_name", "full_name", "borrower_name", "customer", "borrower", "member_name", "member"),
        *("client_name", "name_of_client", "name_of_customer", "name_of_borrower", "name_of_member", "client"),
        *("applicant_name", "account_holder_name", "applicant", "cust_name", "borrowers_name", "customers_name"),
    ),
    "first_name": ("first_name", "customer_first_name", "borrower_first_name", "fname", "given_name"),
    "middle_name": ("middle_name", "middle_initial", "mname"),
    "last_name": ("last_name", "customer_last_name", "borrower_last_name", "lname", "surname", "family_name"),
    "phone": (
        *("phone", "phone_number", "mobile", "mobile_number", "contact", "contact_number", "primary_phone"),
        *("cell", "cell_number", "cell_phone", "mobile_phone", "mobile_phone_number", "mobile_phone_1", "phone_1"),
        *("mobile_1", "contact_1", "mobile_number_1", "phone_number_1", "contact_number_1", "primary_mobile"),
        *("customer_phone", "customer_mobile", "customer_contact", "customer_number", "customer_phone_number"),
        *("customer_mobile_number", "customer_contact_number", "borrower_phone", "borrower_mobile"),
        *("borrower_phone_number", "borrower_mobile_number", "borrower_contact_number", "client_mobile"),
        *("client_phone", "client_mobile_number", "member_mobile", "member_phone", "member_mobile_number"),
        *("applicant_mobile", "applicant_phone", "applicant_mobile_number", "registered_mobile"),
        *("registered_mobile_number", "regd_mobile_number", "primary_mobile_number", "primary_contact_number"),
        *("telephone", "telephone_number", "tel", "tel_number", "phone_mobile", "mob", "mob_number", "ph_number", "ph"),
    ),
    "alternate_phone": (
        *("alternate_phone", "alternate_number", "alternate_mobile", "alternate_contact", "alt_phone", "alt_number"),
        *("alternate_mobile_number", "alternate_phone_number", "alternate_contact_number", "alt_mobile"),
        *("alt_mobile_number", "alt_phone_number", "alt_contact", "alt_contact_number", "other_phone", "other_mobile"),
        *("secondary_phone", "secondary_number", "secondary_mobile", "secondary_contact", "secondary_phone_number"),
        *("secondary_mobile_number", "secondary_contact_number", "second_phone", "second_number", "second_mobile"),
        *("phone_2", "mobile_2", "contact_2", "phone_number_2", "mobile_number_2", "contact_number_2", "phone_3"),
        *("mobile_3", "phone_number_3", "mobile_number_3", "mobile_phone_2", "ref_phone", "ref_mobile", "ref_number"),
        *("reference_phone", "reference_number", "reference_mobile", "additional_phone", "whatsapp_number"),
        *("alternative_phone", "alternative_number", "alternative_mobile", "alternative_contact"),
        *("alternative_mobile_number", "alternative_phone_number", "alternative_contact_number"),
        *("other_number", "other_contact", "other_contact_number", "other_mobile_number", "other_phone_number"),
    ),
    "guarantor_contact_number": (
        *("guarantor_phone", "guarantor_mobile", "guarantor_contact", "guarantor_contact_number"),
        *("guarantor_mobile_number", "guarantor_phone_number", "guarantor_number", "co_applicant_mobile"),
        *("co_applicant_phone", "co_applicant_mobile_number"),
    ),
    "borrower_role": (
        *("role", "borrower_role", "applicant_type", "borrower_type", "customer_role", "party_type", "party_role"),
    ),
    "national_id": (
        *("national_id", "pan", "pan_number", "aadhaar", "aadhar", "voter_id", "id_number", "pan_card"),
        *("pan_card_number", "aadhaar_number", "aadhar_number", "voter_id_number", "national_id_number"),
    ),
    "email": ("email", "email_id", "e-mail", "email_address"),
    "state": ("state", "state_name"),
    "loan_id": (
        *("loan_id", "loanid", "loan_number", "loan_account_number", "account_number", "lan", "lan_number", "lan_id"),
        *("loan_account", "loan_account_id", "agreement_number", "agreement_id", "agreement", "prospect_number"),
        *("contract_number", "contract_id", "loan_reference_number", "loan_ref_number", "account_id"),
        *("loan_agreement_number", "vendor_lead_code", "loan_code", "id"),
    ),
    "principal_amount": (
        *("principal_amount", "principal", "sanctioned_amount", "disbursed_amount", "sanction_amount"),
        *(
            "disbursement_amount",
            "loan_sanctioned_amount",
            "original_loan_amount",
            "amount_financed",
            "amount_disbursed",
        ),
    ),
    "outstanding_amount": (
        *("outstanding_amount", "outstanding", "total_outstanding", "total_outstanding_amount", "outstanding_total"),
        *("principal_outstanding", "outstanding_principal", "pos", "pos_amount", "o/s", "o/s_amount", "total_o/s"),
        *("principal_o/s", "total_pos", "current_outstanding", "current_o/s", "loan_o/s"),
        *(
            "outstanding_total",
            "outstanding_balance",
            "loan_outstanding",
            "principal_outstanding_amount",
            "principal_balance",
        ),
        *("balance_due", "current_balance", "balance_outstanding", "closing_balance", "loan_balance"),
        *("balance", "balance_amount", "total_balance", "amount", "loan_amount"),
    ),
    "due_amount": (
        *("due_amount", "overdue_amount", "total_overdue", "total_overdue_amount", "amount_overdue", "overdue"),
        *("emi_overdue", "installment_overdue", "instalment_overdue", "total_due", "total_due_amount", "amount_due"),
        *("emi_amount", "emi", "emi_due", "emi_due_amount", "installment_amount", "instalment_amount"),
        *("installment", "instalment", "demand", "demand_amount", "due"),
    ),
    "next_due_date": (
        *("due_date", "next_due_date", "emi_date", "emi_due_date", "installment_date", "instalment_date"),
        *("installment_due_date", "instalment_due_date", "next_emi_date", "next_installment_date", "demand_date"),
        *("next_instalment_date", "next_payment_date", "payment_due_date", "due_dt", "emi_dt", "emi_due_dt"),
    ),
    "last_paid_date": (
        *("last_paid_date", "last_payment_date", "date_of_last_payment", "last_receipt_date", "last_paid_on"),
        *("last_emi_paid_date", "last_collection_date"),
    ),
    "last_paid_amount": (
        *("last_paid_amount", "last_payment", "last_payment_amount", "last_receipt_amount", "last_amount_paid"),
        *("last_emi_paid_amount", "last_collection_amount"),
    ),
    "cluster": ("cluster", "cluster_name"),
    "branch": (
        *("branch", "branch_name", "office", "office/branch", "assigned_branch_name", "assigned_branch"),
        *("branch_office", "office_name", "centre", "center", "centre_name", "center_name"),
    ),
    "branch_contact_number": (
        *("branch_contact", "branch_contact_number", "branch_phone", "branch_mobile", "branch_phone_number"),
        *("branch_mobile_number", "office_phone", "office_contact_number"),
    ),
    "employee_name": (
        *("employee", "employee_name", "emp_name", "officer", "officer_name", "loan_officer", "loan_officer_name"),
        *("fo_name", "fo", "fos_name", "fos", "field_officer", "field_officer_name", "collection_officer"),
        *("collection_officer_name", "credit_officer", "credit_officer_name", "credit_officer_full_name"),
        *("agent", "agent_name", "collection_agent", "collection_agent_name", "staff_name", "executive_name"),
        *("collection_executive", "relationship_officer", "relationship_officer_name", "ro_name", "co_name"),
    ),
    "employee_id": (
        *("employee_id", "emp_id", "employee_code", "emp_code", "fo_code", "fo_id", "fos_code", "fos_id"),
        *("officer_code", "officer_id", "loan_officer_id", "loan_officer_code", "field_officer_code"),
        *("field_officer_id", "collection_officer_code", "collection_officer_id", "agent_code", "agent_id"),
        *("staff_id", "staff_code", "executive_code", "ro_code", "co_code", "credit_officer_id", "employee_number"),
    ),
    "employee_contact_number": (
        *("employee_contact", "employee_contact_number", "emp_contact", "employee_phone", "employee_mobile"),
        *("employee_mobile_number", "employee_phone_number", "fo_mobile", "fo_contact", "fo_mobile_number"),
        *("fos_mobile", "fos_mobile_number", "fos_contact", "fos_contact_number", "officer_mobile", "officer_phone"),
        *("officer_mobile_number", "agent_mobile", "agent_phone", "agent_mobile_number", "agent_number"),
        *("field_officer_mobile", "field_officer_number", "collection_officer_mobile", "staff_mobile", "emp_mobile"),
    ),
    "do_not_call": ("do_not_call", "dnc", "dnd", "dnc_flag", "dnd_flag"),
    "loan_status": ("loan_status", "account_state", "account_status", "status"),
}

# Systems: Exotel, VICIdial, Asterisk and FreePBX, FreeSWITCH, Ozonetel, Tata Smartflo, Knowlarity, Twilio, Plivo,
# DIDWW, and the voice assistants Retell, Vapi and Bolna.
CALL_LOG_FIELDS: dict[str, tuple[str, ...]] = {
    "call_sid": (
        *("callsid", "call_sid", "sid", "call_id", "call_uuid", "uniqueid", "ucid", "monitor_ucid", "linkedid"),
        *("provider_call_id", "session_id", "uuid", "ref_id", "id"),
    ),
    "from_number": (
        *("from", "from_number", "source_number", "src", "caller_id_number", "caller_number", "agent_number"),
        *("caller", "source"),
    ),
    "to_number": (
        *("to", "to_number", "customer_phone", "customer_number", "client_number", "call_to_number"),
        *("phone_number_dialed", "dst", "destination_number", "caller_id", "telephony_data.to_number"),
        *("recipient_number", "recipient_phone_number", "user_number", "customer_mobile", "customer_mobile_number"),
        *("customer_phone_number", "customer_contact_number", "called_number", "number_dialed", "dialed_number"),
        *("dialled_number", "destination", "destination_did", "contact_number", "phone_number", "phone", "mobile"),
        *("mobile_number",),
    ),
    "direction": ("direction", "call_direction", "call_type"),
    "status": (
        *("status", "call_status", "disposition", "call_state", "call_disposition", "call_result", "call_outcome"),
        *("outcome", "result"),
    ),
    "status_as": (),  # what the lender's own list of words says that a status means
    "status_name": ("status_name", "business_call_type", "dial_status"),
    "vicidial_status": (),
    "customer_status": ("customer_status", "customer_dial_status", "customer_leg_status"),
    "from_leg_status": ("leg1_status", "leg_1_status", "from_leg_status", "agent_dial_status"),
    "to_leg_status": ("leg2_status", "leg_2_status", "to_leg_status"),
    "end_reason": (
        *("hangup_cause_name", "hangup_cause", "ended_reason", "end_reason", "disconnection_reason"),
        *("termination_reason", "hangup_reason", "telephony_data.hangup_reason", "disconnect_reason"),
        *("response", "disconnect_code"),
    ),
    "initiated_at": (
        *("starttime", "start_time", "initiated_at", "date_time", "start_stamp", "started_at", "start_timestamp"),
        *("initiation_time", "date_time_start", "call_start_time", "call_start", "start_date_time", "start"),
        *("call_time", "call_date_time", "datecreated", "date_created", "created_at", "time"),
    ),
    "initiated_else": (),  # what a further column states of the start
    "initiated_date": ("calldate", "call_date", "start_date", "date"),
    "ended_at": (
        *("endtime", "end_time", "end_stamp", "ended_at", "end_timestamp", "hangup_time", "call_end_time", "call_end"),
        *("date_time_end", "end_date_time", "end"),
    ),
    "updated_at": ("dateupdated", "date_updated", "timestamp", "updated_at"),
    "duration_seconds": (
        *("duration", "duration_seconds", "call_duration", "length_in_sec", "total_duration", "duration_sec"),
        *("call_duration_seconds", "call_duration_sec", "duration_in_seconds", "duration_ms", "call_length"),
        *("total_call_duration", "call_duration_ms", "duration_millis", "duration_minutes", "duration_in_minutes"),
        *("duration_min", "call_duration_minutes", "call_duration_min"),
    ),
    "conversation_seconds": (
        *("conversationduration", "conversation_duration", "talk_time", "talk_duration", "billsec", "bill_seconds"),
        *("answered_seconds", "answered_time", "bill_duration", "billed_duration", "billable_duration"),
        *("talk_seconds", "talk_time_seconds", "talk_time_sec", "conversation_seconds", "conversation_time"),
        *("talk_time_ms", "talk_time_minutes", "talk_time_min", "length_in_sec"),
    ),
    "price": ("price", "cost", "total_amount", "call_cost", "total_cost"),
    "answered_by": ("answered_by",),
    "currency": ("currency",),
    "recording_url": ("recording_url", "recording_file", "audio_file", "call_recording", "recording"),
    "flow_id": ("flow_id",),
    "message": ("message",),
    "extra_data": ("extra_data",),
    "call_metadata": ("call_metadata",),
    "loan_id": (
        *("loan_id", "customfield", "custom_field", "vendor_lead_code", "uui", "loan_number", "loan_account_number"),
        *("lan", "lan_number", "lan_id", "agreement_number", "prospect_number", "loan_account", "account_code"),
        *("userfield", "user_field", "metadata", "call_metadata"),
    ),
    "triggered_by_batch": ("triggered_by_batch",),
    "triggered_by_row": ("triggered_by_row",),
}
# Names that any table may have: they identify a call or a loan beside other columns of calls or loans only.
WEAK_IDS = {"call_sid": ("session_id", "uuid", "ref_id", "id"), "loan_id": ("account_id", "id")}

# What a record can state besides its entity_id. `*_id` and `*_ref` are ids of other entities; a field named as one of a
# file's means the same.
RECORD_FIELDS: dict[str, tuple[str, ...]] = {
    CUSTOMER: (
        *("customer_row", "full_name", "phone", "national_id", "email", "state", "language_code", "do_not_call"),
        *("call_status", "last_contact_date", "first_uploaded_at", "created_at", "stated_at"),
    ),
    LOAN: (
        *("customer_id", "customer_row", "former_customer_id", "former_customer_row", "loan_id", "former_loan_id"),
        *(
            "principal_amount",
            "outstanding_amount",
            "due_amount",
            "next_due_date",
            "last_paid_date",
            "last_paid_amount",
            "loan_status",
            "cluster",
            "branch",
        ),
        *("branch_contact_number", "employee_name", "employee_id", "employee_contact_number"),
        *("created_at", "stated_at"),
    ),
    CALL: (
        *("customer_id", "customer_row", "loan_ref", "triggering_upload", "triggering_row", "created_at"),
        *("call_sid", "from_number", "to_number", "direction", "status", "initiated_at", "ended_at", "updated_at"),
        *("duration_seconds", "conversation_seconds", "price", "answered_by", "currency", "recording_url"),
        *("flow_id", "call_metadata", "loan_id"),
    ),
    STATUS: ("call_ref", "call_sid", "status", "updated_at", "message", "extra_data"),
    FILE_UPLOAD: (
        *("filename", "original_filename", "file_path", "uploaded_by", "uploaded_at", "total_records"),
        *("processed_records", "success_records", "failed_records", "status", "processing_errors"),
    ),
    UPLOAD_ROW: (
        *("file_upload_id", "stated_line_number", "stated_raw_data", "phone_normalized", "loan_id_text"),
        *("stated_row_fingerprint", "match_customer_id", "customer_row", "match_loan_id", "match_method"),
        *("matched_at", "status", "error"),
    ),
}
RECORD_KINDS = tuple(RECORD_FIELDS)

FIELDS: dict[str, dict[str, tuple[str, ...]]] = {
    LOAN_BOOK: LOAN_BOOK_FIELDS,
    CALL_LOG: CALL_LOG_FIELDS,
    UNKNOWN: {},
    **{kind: {field: (field,) for field in fields} for kind, fields in RECORD_FIELDS.items()},
}

# Of these every column that serves the field counts, not the first alone.
JOINED_FIELDS = ("alternate_phone",)

# The cells whose text is looked up as a phone number, and those whose column decides day or month first.
PHONE_FIELDS: dict[str, tuple[str, ...]] = {
    LOAN_BOOK: ("phone", "alternate_phone", "branch_contact_number", "employee_contact_number"),
    CALL_LOG: ("from_number", "to_number"),
    UNKNOWN: (),
    CUSTOMER: ("phone",),
    LOAN: ("branch_contact_number", "employee_contact_number"),
    CALL: ("from_number", "to_number"),
    STATUS: (),
    FILE_UPLOAD: (),
    UPLOAD_ROW: (),
}

# What a title above a block of records (`Branch: Gadag`) states of those among them whose own cells do not.
TITLED_FIELDS = ("cluster", "branch", "employee_name", "employee_id")
