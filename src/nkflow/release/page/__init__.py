"""The record for people: one HTML file per lot."""
