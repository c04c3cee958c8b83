"""Un accompagnement se voit par l'organisme qui le tient et par son territoire.

La politique ne peut pas passer par la personne : celle de la personne lit cette table.
"""

from jalon.personnes.perms import par_personne
from jalon.socle import rls

rls.protect("accompagnements_accompagnement", f"organisme_id = {rls.ORGANISMES} or territoire_id = {rls.TERRITOIRES}")
rls.protect("accompagnements_maintien", par_personne())
