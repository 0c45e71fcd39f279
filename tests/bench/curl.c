/* The floor under outgoing calls: a bare loop of libcurl's multi interface that posts one body
 * again and again, with nothing around it.
 *
 *     curl FIRST_PORT PORTS CALLS CONCURRENCY BODY_FILE
 *
 * The calls go in turns to so many ports of 127.0.0.1. Prints one JSON object: calls, seconds.
 */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { BODY_MAX = 1 << 20, URL_BYTES = 64 };

static char body[BODY_MAX];
static size_t body_length;

static size_t swallow(char *bytes, size_t size, size_t count, void *arg)
{
    (void)bytes;
    (void)arg;
    return size * count;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static CURL *call_new(long port, struct curl_slist *headers)
{
    char url[URL_BYTES];
    CURL *easy = curl_easy_init();
    snprintf(url, sizeof(url), "http://127.0.0.1:%ld/hook", port);
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)body_length);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, swallow);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
    return easy;
}

/* How many ended; each begins anew while there are calls left. */
static long take_ended(CURLM *multi, long *left)
{
    long ended = 0;
    int queued;
    CURLMsg *message;
    while ((message = curl_multi_info_read(multi, &queued)) != NULL) {
        CURL *easy = message->easy_handle;
        if (message->data.result != CURLE_OK) {
            fprintf(stderr, "%s\n", curl_easy_strerror(message->data.result));
            exit(1);
        }
        ended++;
        curl_multi_remove_handle(multi, easy);
        if (*left > 0) {
            --*left;
            curl_multi_add_handle(multi, easy);
        }
    }
    return ended;
}

int main(int argc, char **argv)
{
    if (argc != 6)
        return 2;
    long first_port = atol(argv[1]), ports = atol(argv[2]), calls = atol(argv[3]);
    long concurrency = atol(argv[4]), left = calls, done = 0;
    FILE *file = fopen(argv[5], "rb");
    if (file == NULL)
        return 1;
    body_length = fread(body, 1, sizeof(body), file);
    fclose(file);
    curl_global_init(CURL_GLOBAL_ALL);
    CURLM *multi = curl_multi_init();
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, concurrency);
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    headers = curl_slist_append(headers, "Expect:");
    double begin = now();
    for (long i = 0; i < concurrency && left > 0; i++, left--)
        curl_multi_add_handle(multi, call_new(first_port + i % ports, headers));
    while (done < calls) {
        int running;
        curl_multi_perform(multi, &running);
        done += take_ended(multi, &left);
        if (done < calls)
            curl_multi_poll(multi, NULL, 0, 1000, NULL);
    }
    printf("{\"calls\":%ld,\"seconds\":%.6f}\n", done, now() - begin);
    return 0;
}
