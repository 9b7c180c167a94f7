import pytest

from models.fields import CALL_LOG, LOAN_BOOK, UNKNOWN
from models.headers import (
    Vocabulary,
    column_positions,
    duration_unit_in,
    header_key,
    kind_of,
    known_columns,
    unused_columns,
    zone_in,
)

SAME = [
    ["Mobile No", "MOBILE_NO.", "mobile number", "MobileNo", "Mobile Nbr", "Mobile (10 digit) No", "MOBILENO"],
    ["Loan A/C No", "loan account number", "Loan Account No.", "LOAN A/c NO", "loan_acct_no", "LoanAccountNumber"],
    ["EMI Amt", "EMI amount", "EMI Amount (Rs.)", "emi_amt", "Emi-Amt :"],
    ["Due Date", "due_date", "Due Date (DD/MM/YYYY)", "DUE DATE *", "due.date", "Due Date [dd-mm-yy]"],
    ["Fecha", "FECHA", "Féchà"],
    ["O/S", "o/s", "OS"],
]  # fmt: skip


@pytest.mark.parametrize("headers", SAME, ids=lambda headers: headers[0])
def test_headers_that_say_the_same_are_one(headers: list[str]) -> None:
    assert len({header_key(header) for header in headers}) == 1


def test_headers_that_say_other_things_stay_apart() -> None:
    names = [
        "Mobile No",
        "Mobile",
        "Alternate Mobile No",
        "Branch Mobile No",
        "Due Date",
        "Due Amt",
        "Due",
        "(10 digit)",
    ]
    assert len({header_key(name) for name in names}) == len(names)


# Of each system: its header, the kind, and the column that each field must take.
SYSTEMS = {
    "VICIdial": (
        "call_date\tphone_number_dialed\tstatus\tuser\tfull_name\tvendor_lead_code\tphone_number\tlength_in_sec\talt_phone"
        "\tstatus_name\tuniqueid",
        CALL_LOG,
        {"call_sid": "uniqueid", "to_number": "phone_number_dialed", "initiated_date": "call_date",
         "vicidial_status": "status", "status_name": "status_name", "loan_id": "vendor_lead_code",
         "duration_seconds": "length_in_sec", "conversation_seconds": "length_in_sec"},
    ),
    "FreePBX": (
        "calldate\tclid\tsrc\tdst\tduration\tbillsec\tdisposition\taccountcode\tuniqueid\tuserfield\trecordingfile\tlinkedid",
        CALL_LOG,
        {"call_sid": "uniqueid", "to_number": "dst", "from_number": "src", "initiated_date": "calldate",
         "status": "disposition", "duration_seconds": "duration", "conversation_seconds": "billsec",
         "loan_id": "accountcode", "recording_url": "recordingfile"},
    ),
    "FreeSWITCH": (
        "caller_id_name\tcaller_id_number\tdestination_number\tstart_stamp\tend_stamp\tduration\tbillsec\thangup_cause\tuuid",
        CALL_LOG,
        {"call_sid": "uuid", "to_number": "destination_number", "initiated_at": "start_stamp", "ended_at": "end_stamp",
         "end_reason": "hangup_cause", "conversation_seconds": "billsec"},
    ),
    "Exotel": (
        "Sid\tFrom\tTo\tStatus\tStartTime\tEndTime\tDuration\tConversationDuration\tLeg1Status\tLeg2Status\tCustomField",
        CALL_LOG,
        {"call_sid": "Sid", "to_number": "To", "from_leg_status": "Leg1Status", "to_leg_status": "Leg2Status",
         "conversation_seconds": "ConversationDuration", "loan_id": "CustomField"},
    ),
    "Ozonetel dump": (
        "CallID\tUCID\tUUI\tCaller Id\tCall Date\tStart Time\tEnd Time\tTalkTime\tDuration\tDisposition\tStatus\t"
        "Customer DialStatus",
        CALL_LOG,
        {"call_sid": "CallID", "to_number": "Caller Id", "initiated_date": "Call Date", "initiated_at": "Start Time",
         "status": "Status", "customer_status": "Customer DialStatus", "loan_id": "UUI"},
    ),
    "Ozonetel callback": (
        "monitorUCID\tCallerID\tDid\tStartTime\tEndTime\tCallDuration\tDuration\tStatus\tCustomerStatus\tUUI\tAudioFile",
        CALL_LOG,
        {"call_sid": "monitorUCID", "to_number": "CallerID", "duration_seconds": "CallDuration",
         "conversation_seconds": "Duration", "customer_status": "CustomerStatus", "recording_url": "AudioFile"},
    ),
    "Smartflo": (
        "id\tcall_id\tuuid\tstatus\tdate\ttime\tend_stamp\tcall_duration\tanswered_seconds\tclient_number\thangup_cause",
        CALL_LOG,
        {"call_sid": "call_id", "to_number": "client_number", "initiated_date": "date", "initiated_at": "time",
         "ended_at": "end_stamp", "duration_seconds": "call_duration", "conversation_seconds": "answered_seconds"},
    ),
    "Knowlarity": (
        "uuid\tstart_time\tcustomer_number\tagent_number\tknowlarity_number\tbusiness_call_type\tcall_duration",
        CALL_LOG,
        {"call_sid": "uuid", "to_number": "customer_number", "status_name": "business_call_type",
         "duration_seconds": "call_duration"},
    ),
    "Twilio": (
        "Call Sid\tFrom\tTo\tStart Time\tDate Created\tDuration\tStatus\tAnswered By",
        CALL_LOG,
        {"call_sid": "Call Sid", "initiated_at": "Start Time", "answered_by": "Answered By"},
    ),
    "Plivo": (
        "Call UUID\tFrom Number\tTo Number\tInitiation Time\tEnd Time\tCall Duration\tBill Duration\tCall State\t"
        "Hangup Cause Name\tTotal Amount",
        CALL_LOG,
        {"call_sid": "Call UUID", "initiated_at": "Initiation Time", "status": "Call State", "price": "Total Amount",
         "end_reason": "Hangup Cause Name", "conversation_seconds": "Bill Duration"},
    ),
    "DIDWW": (
        "Date/Time Start (UTC)\tSource Number\tDestination DID\tDuration (sec)\tStatus\tResponse",
        CALL_LOG,
        {"from_number": "Source Number", "to_number": "Destination DID", "initiated_at": "Date/Time Start (UTC)",
         "duration_seconds": "Duration (sec)", "status": "Status"},
    ),
    "Retell": (
        "call_id\tcall_status\tdisconnection_reason\tto_number\tstart_timestamp\tend_timestamp\tduration_ms",
        CALL_LOG,
        {"status": "call_status", "end_reason": "disconnection_reason", "initiated_at": "start_timestamp",
         "duration_seconds": "duration_ms"},
    ),
    "Vapi": (
        "id\tstatus\tendedReason\tcustomer.number\tstartedAt\tendedAt\tcost",
        CALL_LOG,
        {"call_sid": "id", "to_number": "customer.number", "end_reason": "endedReason", "initiated_at": "startedAt"},
    ),
    "Bolna": (
        "id\tstatus\tconversation_duration\tcreated_at\ttelephony_data.to_number\thangup_reason",
        CALL_LOG,
        {"call_sid": "id", "to_number": "telephony_data.to_number", "conversation_seconds": "conversation_duration",
         "initiated_at": "created_at", "end_reason": "hangup_reason"},
    ),
    "Fineract": (
        "Office/Branch\tLoan Officer\tClient Account No\tClient\tLoan Account No\tLoan Amount\tPrincipal Outstanding\t"
        "Total Outstanding\tTotal Overdue\tMobile No",
        LOAN_BOOK,
        {"loan_id": "Loan Account No", "branch": "Office/Branch", "full_name": "Client",
         "employee_name": "Loan Officer",
         "outstanding_amount": "Total Outstanding", "due_amount": "Total Overdue", "phone": "Mobile No"},
    ),
    "Mambu": (
        "Account ID\tAccount State\tAccount Holder Name\tMobile Phone 1\tPrincipal Balance\tTotal Due\t"
        "Assigned Branch Name\tCredit Officer Full Name",
        LOAN_BOOK,
        {"loan_id": "Account ID", "full_name": "Account Holder Name", "phone": "Mobile Phone 1",
         "outstanding_amount": "Principal Balance", "due_amount": "Total Due", "branch": "Assigned Branch Name",
         "employee_name": "Credit Officer Full Name", "loan_status": "Account State"},
    ),
    "Frappe": (
        "ID\tApplicant Name\tStatus\tLoan Amount\tMobile No",
        LOAN_BOOK,
        {"loan_id": "ID", "full_name": "Applicant Name", "outstanding_amount": "Loan Amount", "loan_status": "Status"},
    ),
    "an allocation list": (
        "Sr. No.\tLAN\tCustomer\tMobile No.\tBranch\tBucket\tPOS\tEMI Amt\tDue Date\tFOS Name\tFOS Code\tFOS Mobile",
        LOAN_BOOK,
        {"loan_id": "LAN", "outstanding_amount": "POS", "due_amount": "EMI Amt", "employee_name": "FOS Name",
         "employee_id": "FOS Code", "employee_contact_number": "FOS Mobile"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_headers_of_a_system_are_known(system: str) -> None:
    line, kind, meant = SYSTEMS[system]
    headers = line.split("\t")
    assert kind_of(headers) == (kind, None)
    taken = {field: headers[places[0]] for field, places in column_positions(headers, kind).items()}
    assert {field: taken.get(field) for field in meant} == meant


LOAN_IDS = [
    *("LAN No", "LAN ID", "Loan A/C No", "Loan No", "Account No", "Acct No", "Agreement No", "Agreement Number"),
    *("Prospect No", "PROSPECTNO", "vendor_lead_code", "loan_id"),
]


@pytest.mark.parametrize("name", LOAN_IDS)
def test_a_loan_id_makes_a_loan_book(name: str) -> None:
    assert kind_of([name, "x"]) == (LOAN_BOOK, None)


NEITHER = [
    ["id", "name", "phone"],
    ["uuid", "status"],
    ["id", "phone", "amount of rice"],
    ["phone", "start_time", "status"],
    ["name", "target"],
]


@pytest.mark.parametrize("headers", NEITHER, ids=str)
def test_a_name_that_any_table_may_have_is_no_id_by_itself(headers: list[str]) -> None:
    assert kind_of(headers)[0] == UNKNOWN


def test_a_book_with_a_column_id_is_a_book() -> None:
    headers = ["id", "loan_id", "name", "phone", "duration", "status", "start_date"]
    assert kind_of(headers) == (LOAN_BOOK, None)
    assert kind_of(["id", "name", "phone", "tenure", "duration", "outstanding"])[0] == LOAN_BOOK


@pytest.mark.parametrize(
    ("header", "zone"),
    [("Start Time (UTC)", "UTC"), ("Date/Time Start (GMT)", "UTC"), ("Start (IST)", "IST"), ("start_time_utc", "UTC"),
     ("Start (UTC+05:30)", "+05:30"), ("Start (+0530)", "+05:30"), ("Start Time", None), ("Start (dd/mm)", None)],
)  # fmt: skip
def test_a_header_may_name_the_zone_of_its_times(header: str, zone: str | None) -> None:
    assert zone_in(header) == zone


@pytest.mark.parametrize(
    ("header", "unit"),
    [("duration_ms", "ms"), ("Duration (ms)", "ms"), ("durationMs", "ms"), ("Duration (sec)", None), ("terms", None),
     ("Talk Time (min)", "min"), ("Duration (Minutes)", "min"), ("Call Duration (HH:MM)", "hh:mm"),
     ("Duration (HH:MM:SS)", None)],
)  # fmt: skip
def test_a_header_may_say_what_its_durations_are_in(header: str, unit: str | None) -> None:
    assert duration_unit_in(header) == unit


def test_a_name_that_is_there_twice_serves_once() -> None:
    """The second Name and Mobile are the officer's where a group name above them was lost."""
    headers = ["LAN", "Name", "Mobile", "POS", "Name", "Mobile"]
    assert column_positions(headers, LOAN_BOOK) == {
        "loan_id": [0],
        "full_name": [1],
        "phone": [2],
        "outstanding_amount": [3],
    }
    assert unused_columns(headers, LOAN_BOOK) == ["Name", "Mobile"]
    assert column_positions(["LAN", "Alternate Mobile", "Alt. Mobile", "Alternate Mobile"], LOAN_BOOK)[
        "alternate_phone"
    ] == [1, 3, 2]


@pytest.mark.parametrize(
    "headers", [["EMI", "Overdue"], ["EMI Amt", "EMI Overdue"], ["Installment Amount", "Installment Overdue"]]
)
def test_what_is_overdue_counts_before_an_instalment(headers: list[str]) -> None:
    assert column_positions(headers, LOAN_BOOK)["due_amount"] == [1, 0]


def test_columns_that_no_field_takes_are_known_by_name() -> None:
    headers = ["Loan ID", "Mobile", "DPD ", "", "Bucket"]
    assert unused_columns(headers, LOAN_BOOK) == ["DPD", "Bucket"]
    assert unused_columns(["Asha", "98450"], UNKNOWN) == []


OWN = Vocabulary({header_key("Borr Mob"): "phone", header_key("Khata"): "loan_id", header_key("Status"): "branch"})


def test_a_lenders_own_headers_come_first_and_serve_nothing_else() -> None:
    headers = ["Khata", "Phone", "Borr Mob", "Status"]
    assert kind_of(headers)[0] == UNKNOWN
    assert kind_of(headers, OWN) == (LOAN_BOOK, None)
    assert column_positions(headers, LOAN_BOOK, OWN) == {"phone": [2, 1], "loan_id": [0], "branch": [3]}
    assert (known_columns(headers), known_columns(headers, OWN)) == (0, 3)


def test_a_vocabulary_is_kept_as_it_is() -> None:
    own = Vocabulary({"khata": "loan_id"}, {"baathui": "call_completed"})
    assert Vocabulary.from_json(own.as_json()) == own
    assert Vocabulary.from_json(Vocabulary().as_json()) == Vocabulary()
