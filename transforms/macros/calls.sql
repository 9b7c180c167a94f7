-- What providers' words say of a call, and what became of it.

-- What a provider's word says of a call: one of our statuses, `answered` where it depends on what else is stated, `machine`,
-- or null for a word that we do not know. Letters alone are compared.
CREATE OR REPLACE MACRO call_word_of(s) AS
    CASE
        WHEN s = 'completed' THEN 'call_completed'
        WHEN s IN ('busy', 'no-answer', 'canceled') THEN 'disconnected'
        WHEN s = 'failed' THEN 'failed'
        ELSE list_transform([letters_of(s)], lambda word: CASE
            WHEN word IN (
                'completed', 'callcompleted', 'complete', 'callcomplete', 'completedsuccessfully', 'callcompletedsuccessfully'
            ) THEN 'call_completed'
            WHEN word IN (
                'answered', 'answer', 'ended', 'callended', 'connected', 'calldisconnected', 'normalclearing',
                'normalcallclearing', 'userhangup', 'agenthangup', 'customerendedcall', 'assistantendedcall', 'success',
                'successful', 'customeranswered', 'callanswered', 'answeredhuman', 'answeredbyhuman', 'assistantendedcallaftermessagespoken', 'assistantsaidendcallphrase',
                'assistantforwardedcall', 'exceededmaxduration', 'maxdurationreached', 'inactivity', 'silencetimedout',
                'calltransfer', 'endedbyuser', 'endedbyagent', 'promisetopay', 'salemade', 'callback'
            ) THEN 'answered'
            WHEN word IN (
                'busy', 'noanswer', 'canceled', 'cancelled', 'cancel', 'notpicked', 'notpickedup', 'disconnected',
                'fromlegunanswered', 'tolegunanswered', 'fromlegcancelled', 'notanswered', 'unanswered', 'missed',
                'missedcall', 'customermissed', 'callnotanswered', 'noresponse', 'ringingnoresponse', 'nouserresponse',
                'userbusy', 'subcriberabsent', 'subscriberabsent', 'userdisconnected', 'switchedoff', 'switchoff',
                'phoneswitchedoff', 'notreachable', 'unreachable', 'notcontactable', 'outofcoverage', 'rejected', 'callrejected',
                'declined', 'clienthangup', 'timeout', 'ringtimeout', 'dialnoanswer', 'dialbusy', 'customerdidnotanswer',
                'customerbusy', 'originatorcancel', 'notconnected', 'abandoned', 'noanswerautodial', 'busyauto', 'agentnotavailable',
                'outboundpreroutingdrop'
            ) THEN 'disconnected'
            WHEN word IN (
                'failed', 'callfailed', 'fromlegnodial', 'tolegnodial', 'congestion', 'chanunavail', 'invalidnumber',
                'noroutedestination', 'isddisabled', 'exception', 'balancelow', 'stopped', 'error', 'dialfailed',
                'unallocatednumber', 'wrongnumber', 'numberinvalid', 'invalid', 'notinservice', 'numbernotinservice', 'outofservice',
                'numberdoesnotexist', 'doesnotexist', 'networkoutoforder', 'normaltemporaryfailure', 'disconnectednumber',
                'disconnectednumberauto', 'invalidnumberformat'
            ) THEN 'failed'
            WHEN word IN ('queued', 'initiated', 'calling', 'ringing', 'ring', 'dialing', 'dialling', 'registered') THEN 'calling'
            WHEN word IN ('notinitiated', 'ready', 'scheduled', 'rescheduled', 'notdialed', 'notdialled') THEN 'not_initiated'
            WHEN word IN ('inprogress', 'callinprogress', 'ongoing') THEN 'call_in_progress'
            WHEN word = 'agenttransfer' THEN 'agent_transfer'
            WHEN word IN (
                'voicemail', 'voicemailreached', 'leftvoicemail', 'voicemailleft', 'voicemaildetected', 'customerendedcallvoicemail', 'amd',
                'machine', 'machinestart', 'machineendbeep', 'machineendsilence', 'machineendother', 'machinedetected',
                'answeringmachine', 'answeringmachineauto', 'answeringmachinesenttomesg', 'answeringmachinemsgplayed'
            ) THEN 'machine'
        END)[1]
    END;

-- The same of VICIdial's own codes; a campaign's further codes are null.
CREATE OR REPLACE MACRO vicidial_word_of(code) AS
    CASE
        WHEN upper(code) IN ('SALE', 'PTP', 'CALLBK', 'DNC', 'DNCL') THEN 'answered'
        WHEN upper(code) IN ('NA', 'N', 'B', 'AB', 'DROP', 'PDROP') THEN 'disconnected'
        WHEN upper(code) IN ('DC', 'ADC') THEN 'failed'
        WHEN upper(code) IN ('A', 'AA', 'AM') THEN 'machine'
        WHEN upper(code) = 'NEW' THEN 'not_initiated'
        WHEN upper(code) = 'QUEUE' THEN 'calling'
    END;

-- A status of ours from one word alone, as records of ours state it.
CREATE OR REPLACE MACRO call_status_of(s) AS
    list_transform([call_word_of(s)], lambda word: CASE
        WHEN word = 'answered' THEN 'call_in_progress' WHEN word = 'machine' THEN 'call_completed' ELSE word
    END)[1];

-- What became of a call, from all that speaks of it: the word of its status, those of the borrower's leg and of the other
-- one, the reason it ended, its talk and its whole time in seconds, and whether an end is stated. Where the status leaves a
-- doubt the others decide in this order. Null where nothing says it.
CREATE OR REPLACE MACRO call_outcome(word, leg, other_leg, reason, talk, duration, is_over) AS
    CASE
        WHEN word IN ('not_initiated', 'calling', 'call_in_progress', 'agent_transfer', 'disconnected', 'failed') THEN word
        WHEN leg IN ('disconnected', 'failed') THEN CASE WHEN word IS NULL THEN leg ELSE 'disconnected' END
        WHEN word IN ('call_completed', 'machine') OR leg IN ('call_completed', 'machine') OR reason = 'machine' THEN 'call_completed'
        WHEN reason IN ('disconnected', 'failed') THEN reason
        WHEN word IS NULL AND other_leg IN ('disconnected', 'failed') THEN other_leg
        WHEN talk > 0 OR (talk IS NULL AND is_over) THEN 'call_completed'
        WHEN (word IS NULL OR word = 'answered') AND talk IS NULL AND duration > 0 THEN 'call_completed'
        WHEN talk = 0 AND (is_over OR word IS NULL) THEN 'disconnected'
        WHEN word IS NULL AND duration = 0 THEN 'disconnected'
        WHEN word = 'answered' OR leg IS NOT NULL OR reason IS NOT NULL THEN 'call_in_progress'
    END;

-- How a sentence names a status that we do not know, and how many records of the upload have it. What is not written as
-- codes and status words are, and is not there several times, may be a cell of a person's that got into the column.
CREATE OR REPLACE MACRO unknown_word(s, records) AS
    CASE
        WHEN length(s) <= 40 AND (records >= 3 OR regexp_matches(s, '^([a-z][a-z0-9_-]*|[A-Z][A-Z0-9_-]*)$'))
        THEN ': ' || s || CASE WHEN records > 1 THEN ' (' || CAST(records AS VARCHAR) || ' records)' ELSE '' END
    END;

-- Whether what answered a call was a machine.
CREATE OR REPLACE MACRO is_machine(s) AS regexp_matches(lower(s), 'machine|voice ?mail|^amd|^fax$');

-- not_initiated < calling < in progress = transfer < the three ends
CREATE OR REPLACE MACRO call_status_rank(status) AS
    CASE
        WHEN status = 'not_initiated' THEN 0
        WHEN status = 'calling' THEN 1
        WHEN status IN ('call_in_progress', 'agent_transfer') THEN 2
        ELSE 3
    END;
