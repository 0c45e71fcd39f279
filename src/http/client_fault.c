/* Why there is no answer: libcurl's, the kernel's and OpenSSL's numbers become the codes by which
 * Node.js names the same, and a sentence. Runs on the client's thread.
 */
#include <errno.h>

#include "http/client_internal.h"

struct code {
    long number;
    const char *name;
};

static const struct code by_errno[] = {
    {ECONNREFUSED, "ECONNREFUSED"},
    {ECONNRESET, "ECONNRESET"},
    {ECONNABORTED, "ECONNABORTED"},
    {EHOSTUNREACH, "EHOSTUNREACH"},
    {ENETUNREACH, "ENETUNREACH"},
    {EHOSTDOWN, "EHOSTDOWN"},
    {ETIMEDOUT, "ETIMEDOUT"},
    {EPIPE, "EPIPE"},
    {EADDRNOTAVAIL, "EADDRNOTAVAIL"},
    {EACCES, "EACCES"},
    {EPERM, "EPERM"},
    {EMFILE, "EMFILE"},
    {ENFILE, "ENFILE"},
    {0, NULL},
};

/* OpenSSL's X509_V_ERR_*, which are a fixed part of its interface. */
static const struct code by_certificate[] = {
    {2, "UNABLE_TO_GET_ISSUER_CERT"},
    {7, "CERT_SIGNATURE_FAILURE"},
    {9, "CERT_NOT_YET_VALID"},
    {10, "CERT_HAS_EXPIRED"},
    {18, "DEPTH_ZERO_SELF_SIGNED_CERT"},
    {19, "SELF_SIGNED_CERT_IN_CHAIN"},
    {20, "UNABLE_TO_GET_ISSUER_CERT_LOCALLY"},
    {21, "UNABLE_TO_VERIFY_LEAF_SIGNATURE"},
    {22, "CERT_CHAIN_TOO_LONG"},
    {23, "CERT_REVOKED"},
    {24, "INVALID_CA"},
    {25, "PATH_LENGTH_EXCEEDED"},
    {26, "INVALID_PURPOSE"},
    {27, "CERT_UNTRUSTED"},
    {28, "CERT_REJECTED"},
    {62, "ERR_TLS_CERT_ALTNAME_INVALID"},
    {0, NULL},
};

/* Where neither the kernel nor OpenSSL knows more. */
static const struct code by_result[] = {
    {CURLE_COULDNT_RESOLVE_HOST, "ENOTFOUND"},
    {CURLE_COULDNT_RESOLVE_PROXY, "ENOTFOUND"},
    {CURLE_COULDNT_CONNECT, "ECONNREFUSED"},
    {CURLE_OPERATION_TIMEDOUT, "ETIMEDOUT"},
    {CURLE_SEND_ERROR, "EPIPE"},
    {CURLE_RECV_ERROR, "ECONNRESET"},
    {CURLE_GOT_NOTHING, "ECONNRESET"},
    {CURLE_PARTIAL_FILE, "ECONNRESET"},
    {CURLE_WEIRD_SERVER_REPLY, "HPE_INVALID_CONSTANT"},
    {CURLE_UNSUPPORTED_PROTOCOL, "HPE_INVALID_CONSTANT"},
    {CURLE_BAD_CONTENT_ENCODING, "Z_DATA_ERROR"},
    {CURLE_PEER_FAILED_VERIFICATION, "ERR_TLS_CERT_ALTNAME_INVALID"},
    {CURLE_SSL_CONNECT_ERROR, "EPROTO"},
    {CURLE_OUT_OF_MEMORY, "ENOMEM"},
    {0, NULL},
};

static const char *find(const struct code *table, long number)
{
    while (table->name != NULL && table->number != number)
        table++;
    return table->name;
}

static const char *kernel_code(const struct transfer *t)
{
    long number = t->socket_error;
    if (number == 0)
        curl_easy_getinfo(t->easy, CURLINFO_OS_ERRNO, &number);
    return find(by_errno, number);
}

static const char *certificate_code(const struct transfer *t)
{
    long number = 0;
    curl_easy_getinfo(t->easy, CURLINFO_SSL_VERIFYRESULT, &number);
    return find(by_certificate, number);
}

/* The kernel's number is right for what the kernel does; elsewhere it is left over from before. */
static const char *code_of(const struct transfer *t, CURLcode result)
{
    const char *code = NULL;
    if (result == CURLE_COULDNT_CONNECT || result == CURLE_SEND_ERROR || result == CURLE_RECV_ERROR)
        code = kernel_code(t);
    else if (result == CURLE_PEER_FAILED_VERIFICATION)
        code = certificate_code(t);
    if (code == NULL)
        code = find(by_result, result);
    return code != NULL ? code : "EIO";
}

/* A ceiling of ours was passed, and libcurl was told to stop. */
static struct fault too_large(const struct transfer *t)
{
    struct fault fault = {.end = CLIENT_FAILED, .code = "ERR_RESPONSE_TOO_LARGE"};
    if (buf_ok(&t->body)) {
        fault.code = "HPE_HEADER_OVERFLOW";
        err_invalid(&fault.err, "The answer's headers are larger than %d bytes.", CLIENT_MAX_HEAD);
    } else {
        err_invalid(&fault.err, "The answer is larger than %zu bytes.", t->x->max_body);
    }
    return fault;
}

struct fault fault_of_curl(const struct transfer *t, CURLcode result)
{
    if (!buf_ok(&t->body) || !buf_ok(&t->head))
        return too_large(t);
    if (result == CURLE_COULDNT_CONNECT && t->opened == 0 && t->refusal.status != 0)
        return (struct fault){CLIENT_REFUSED, "ERR_OUTBOUND_NOT_ALLOWED", t->refusal};
    struct fault fault = {.end = CLIENT_FAILED, .code = code_of(t, result)};
    if (result == CURLE_OPERATION_TIMEDOUT)
        fault.end = CLIENT_TIMEOUT;
    err_busy(&fault.err, "%s:%u: %s (%s)", t->target.host, t->target.port,
             t->curl_text[0] != '\0' ? t->curl_text : curl_easy_strerror(result), fault.code);
    return fault;
}

static bool passed(const struct transfer *t, CURLINFO moment)
{
    curl_off_t us = 0;
    curl_easy_getinfo(t->easy, moment, &us);
    return us > 0;
}

/* How far it came. */
static const char *phase(const struct transfer *t)
{
    if (!t->running)
        return "waiting for a connection to be free";
    if (!passed(t, CURLINFO_NAMELOOKUP_TIME_T))
        return "looking up the name";
    if (!passed(t, CURLINFO_CONNECT_TIME_T))
        return "connecting";
    if (!passed(t, CURLINFO_STARTTRANSFER_TIME_T))
        return "waiting for the answer";
    return "reading the answer";
}

struct fault fault_of_deadline(const struct transfer *t)
{
    struct fault fault = {.end = CLIENT_TIMEOUT, .code = "ETIMEDOUT"};
    err_timeout(&fault.err, "%s:%u: no whole answer within %lld ms, it ended while %s (ETIMEDOUT)",
                t->target.host, t->target.port, (long long)t->x->timeout_ms, phase(t));
    return fault;
}

struct fault fault_of_cancel(void)
{
    struct fault fault = {.end = CLIENT_CANCELLED, .code = "ABORT_ERR"};
    err_busy(&fault.err, "The request was cancelled.");
    return fault;
}
