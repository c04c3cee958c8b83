"""Un document se voit avec la personne qu'il nomme ; à plusieurs personnes, par qui l'a produit ou le reçoit.

Les conditions nomment les tables des pièces plus hautes sans les importer, comme les journaux nomment les personnes.
"""

from jalon.socle import rls

NATURES_POUR_LA_PERSONNE = (
    "notification_orientation",
    "convocation_reunion",
    "annulation_reunion",
    "convocation_rendez_vous",
    "annulation_rendez_vous",
    "relance_absence",
    "passation_referent",
    "contrat",
    "contrat-signe",
    "bilan_contrat",
    "avertissement_manquement",
    "audition_manquement",
    "annulation_audition",
    "classement_manquement",
    "decision_sanction",
    "levee_sanction",
    "reponse_recours",
)
"""Documents écrits pour la personne : elle les relit dans son livret. Une copie, un procès-verbal n'en sont pas."""
NATURES_DE_PROCEDURE = (
    "avertissement_manquement",
    "audition_manquement",
    "annulation_audition",
    "classement_manquement",
    "decision_sanction",
    "levee_sanction",
    "reponse_recours",
)
"""Parmi elles, les lettres d'une procédure : à qui a le droit de la lire."""
DANS_SON_LIVRET = (
    f"documents_document.nature in ({', '.join(repr(nature) for nature in NATURES_POUR_LA_PERSONNE)}) "
    f"and exists (select 1 from passeport_accespersonnel a where a.personne_id = {rls.PERSONNE} "
    "and a.revoque_le is null "
    "and (a.dossier = documents_document.personne or documents_document.personne = any(a.reunis)))"
)


def _nominatif(table: str, auteur: str) -> str:
    return (
        f"exists (select 1 from personnes_personne p where p.public_id = {table}.personne) "
        f"or {table}.personne is null and {table}.{auteur} = {rls.AGENT} "
        f"or exists (select 1 from organismes_organisme o where o.public_id = {table}.organisme "
        f"and o.id = {rls.ORGANISMES})"
    )


rls.protect("documents_document", f"{_nominatif('documents_document', 'cree_par_id')} or ({DANS_SON_LIVRET})")
rls.protect(
    "documents_contenudocument",
    "exists (select 1 from documents_document d where d.id = documents_contenudocument.document_id)",
)
rls.protect("documents_envoi", _nominatif("documents_envoi", "demande_par_id"))
rls.protect(
    "documents_tentativeenvoi",
    "exists (select 1 from documents_envoi e where e.id = documents_tentativeenvoi.envoi_id)",
)
rls.protect("documents_lotdocuments", f"demande_par_id = {rls.AGENT}")
rls.protect(
    "documents_tranchelot",
    "exists (select 1 from documents_lotdocuments l where l.id = documents_tranchelot.lot_id)",
)
