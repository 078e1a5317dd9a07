"""CRE-ReasonBench: build, check, review and export a reasoning data set from any MPRA table.

After R3LM (Duan et al. 2026), with gates that hold every claim against its card.
"""
