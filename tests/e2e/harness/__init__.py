"""What the end-to-end tests are made of.

server   starts, stops and kills the program; each server in a folder of its own
program  runs the command line and says what it printed
client   speaks to the API and keeps every answer as it came: status, headers, exact bytes
stream   reads a stream of events
wire     speaks to the socket, for what no well-behaved client would send
bodies   the bodies that the API answers with, built by the rules of its envelope
rooms    channels and groups, and what is written in them
people   accounts, and permissions that are given back after a test
waiting  waits for a condition with a generous end; no test sleeps and hopes
"""
