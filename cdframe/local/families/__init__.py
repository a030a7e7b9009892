"""Families of resources on one base: a family is declared, and adds only the rules that are special to it.

family     the rules: what can be done with rows in one transaction; access and consistency included, HTTP not
endpoints  the routes: requests taken apart, answers put together
query      parameters of lists in the query string
"""
