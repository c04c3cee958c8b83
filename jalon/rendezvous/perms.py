"""Qui voit une invitation et ce qui en sort : qui voit la personne, et la personne elle-même par son lien.

Un lien personnel n'ouvre que l'invitation qu'il désigne, son questionnaire et son justificatif. Le calendrier des
réunions ne nomme personne : il n'est pas fermé.
"""

from jalon.personnes.perms import LIEN_OUVERT, elle_meme, par_personne
from jalon.socle import rls

INVITATION_DU_LIEN = f"select l.objet, l.personne_id from {LIEN_OUVERT}"
PAR_INVITATION = (
    "(invitation_id, personne_id) in (select i.id, i.personne_id from rendezvous_invitation i "
    f"where (i.public_id, i.personne_id) in ({INVITATION_DU_LIEN}))"
)
"""Ce qui tient à l'invitation que mon lien désigne, et à elle seule."""

rls.protect(
    "rendezvous_invitation",
    f"{par_personne()} or {elle_meme()} or (public_id, personne_id) in ({INVITATION_DU_LIEN})",
)
FICHE_DU_CONTRAT = f"personne_id in (select l.personne_id from {LIEN_OUVERT} and l.usage = 'contrat')"
"""Ce que la personne a préparé, relu par le lien où elle écrit son contrat (R54)."""
rls.protect(
    "rendezvous_questionnairepreparatoire",
    f"{par_personne()} or {elle_meme()} or {PAR_INVITATION} or {FICHE_DU_CONTRAT}",
)
rls.protect("rendezvous_justificatifabsence", f"{par_personne()} or {PAR_INVITATION}")
rls.protect(
    "rendezvous_reponsequestion",
    "exists (select 1 from rendezvous_questionnairepreparatoire q "
    "where q.id = rendezvous_reponsequestion.questionnaire_id)",
)
rls.protect("rendezvous_contactindividuel", par_personne())
PROPOSEE = f"select l.objet, l.personne_id from {LIEN_OUVERT} and l.usage = 'rendez_vous'"
"""L'invitation à choisir un créneau que mon lien désigne."""
rls.protect(
    "rendezvous_rendezvous",
    f"{par_personne()} or {elle_meme()} or personne_id in (select p.personne_id from ({PROPOSEE}) p)",
)
rls.protect(
    "rendezvous_participantrendezvous",
    "exists (select 1 from rendezvous_rendezvous r where r.id = rendezvous_participantrendezvous.rendez_vous_id)",
)
rls.protect(
    "rendezvous_propositionrendezvous",
    f"{par_personne()} or {elle_meme()} or (public_id, personne_id) in ({PROPOSEE})",
)
# Tout ce qui est écrit d'elle lui est dû, l'analyse comprise (RGPD, article 15).
rls.protect("rendezvous_noteentretien", f"{par_personne()} or {elle_meme()}")
rls.protect(
    "rendezvous_preuveabsence",
    "exists (select 1 from rendezvous_justificatifabsence j where j.id = rendezvous_preuveabsence.justificatif_id)",
)
